import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { parseArgs } from "node:util";
import { STDIN } from "./replay";

export const USAGE = `Usage: bun examples/review-bot/main.ts [--db PATH] [--budget USD] [FILE...]

Without files, runs the review bot over its bundled deliveries. With files, emits each line of them, one JSON
object a line, as "execution:completed" on the bot's bus; - is standard input.

  --db PATH      the ledger; default: $TELEMETRY_DB_PATH, else ./data/telemetry.db
  --budget USD   what the bot may spend a day: it stops when nothing is left
  --help         print this
`;

/** The command was called wrongly; the message is one line. */
export class UsageError extends Error {}

export interface CommandLine {
  readonly help: boolean;
  readonly dbPath: string;
  /** US dollars a day. */
  readonly budgetUsd: number | undefined;
  readonly files: readonly string[];
}

/** @throws {UsageError} */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parse(args);
  if (values.db === "") throw new UsageError("Option --db needs a path.");
  const budgetUsd = values.budget === undefined ? undefined : Number(values.budget);
  if (budgetUsd !== undefined && !(budgetUsd > 0 && budgetUsd < Number.POSITIVE_INFINITY)) {
    throw new UsageError("Option --budget needs an amount in US dollars.");
  }
  return {
    budgetUsd,
    help: values.help === true,
    dbPath: values.db ?? (process.env["TELEMETRY_DB_PATH"] || "./data/telemetry.db"),
    files: positionals,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { db: { type: "string" }, budget: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    const [firstSentence = ""] = String(error instanceof Error ? error.message : error).split(/\.?\n|\. /);
    throw new UsageError(`${firstSentence}. See --help.`, { cause: error });
  }
}

/**
 * The size of all files together in bytes; 0 when one of them, such as standard input, doesn't know.
 *
 * @throws {UsageError} naming the first that can't be read.
 */
export async function totalBytes(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map((file) => (file === STDIN ? 0 : sizeOf(file))));
  return sizes.includes(0) ? 0 : sizes.reduce((total, size) => total + size, 0);
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => {
    throw new UsageError(`There is no file ${file}.`);
  });
  if (found.isDirectory()) throw new UsageError(`${file} is a folder.`);
  await access(file, constants.R_OK).catch(() => {
    throw new UsageError(`No permission to read ${file}.`);
  });
  return found.size;
}
