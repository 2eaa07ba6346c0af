import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { RunledgerConfig } from "../budget/options";
import { withoutCredentials } from "../describe";
import { RunledgerError } from "../errors";
import { plainPath } from "../ledger/plain-path";

/** Paths that SQLite or the file system would not take for a file of this name. */
const NO_FILE = /^(?:postgres(?:ql)?:|[a-z][a-z0-9+.-]*:\/\/|:memory:$)/i;

/** The option that {@link addDbOption} gives a command. */
export interface DbOption {
  readonly db?: string;
}

/** Adds `--db`. */
export function addDbOption(command: Command): Command {
  return command.option(
    "--db <path>",
    "the ledger; default: $TELEMETRY_DB_PATH, else the dbPath of ./runledger.config.ts, else ./data/telemetry.db",
  );
}

/**
 * The ledger that a command is about: the one that the plugin of an application in this folder would use.
 *
 * @param config The configuration. Default: that of the configuration file in the working directory, if there is one.
 * @param option What an error calls the option.
 * @throws {RunledgerError} `INVALID_OPTION` if SQLite would take the path for another one.
 */
export function dbPathOf({ db }: DbOption, config?: RunledgerConfig, option = "--db"): string {
  const path =
    db ?? (process.env["TELEMETRY_DB_PATH"] || (config ?? configOfFolder())?.dbPath || "./data/telemetry.db");
  if (path !== "" && path === path.trim()) return NO_FILE.test(path) ? path : plainPath(path);
  throw new RunledgerError(
    "INVALID_OPTION",
    `${option}: expected a path without spaces around it, received "${withoutCredentials(path)}".`,
  );
}

/** The configuration of the working directory, if there is one. Loaded on use: most folders have none. */
export function configOfFolder(): RunledgerConfig | undefined {
  if (!existsSync("./runledger.config.ts")) return undefined;
  const { CONFIG_FILE, loadConfig } = require("./config") as typeof import("./config");
  return loadConfig(CONFIG_FILE);
}

/**
 * Like {@link dbPathOf}, for a command that needs the file itself.
 *
 * @throws {RunledgerError} `INVALID_OPTION` also for a URL, which is not shown, as it may contain a password.
 */
export function dbFileOf(options: DbOption, option = "--db"): string {
  const path = dbPathOf(options, undefined, option);
  if (!NO_FILE.test(path)) return path;
  throw new RunledgerError(
    "INVALID_OPTION",
    `${option}: this command needs the path of a SQLite file, neither a URL nor :memory:.`,
  );
}
