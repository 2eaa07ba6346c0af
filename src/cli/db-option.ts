import type { Command } from "commander";
import { RunledgerError } from "../errors";

/** What {@link addDbOption} gives a command. */
export interface DbOption {
  readonly db?: string;
}

/** Adds `--db`. */
export function addDbOption(command: Command): Command {
  return command.option("--db <path>", "the ledger; default: $TELEMETRY_DB_PATH, else ./data/telemetry.db");
}

/**
 * The ledger that a command is about, as the plugin of an application in this folder would find it.
 *
 * @throws {RunledgerError} `INVALID_OPTION` for what SQLite would take for another path.
 */
export function dbPathOf({ db }: DbOption): string {
  const path = db ?? (process.env["TELEMETRY_DB_PATH"] || "./data/telemetry.db");
  if (path !== "" && path === path.trim()) return path;
  throw new RunledgerError(
    "INVALID_OPTION",
    `--db: expected a path without spaces around it, received "${path}".`,
  );
}
