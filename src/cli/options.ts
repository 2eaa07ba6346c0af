import { type Command, InvalidArgumentError, Option } from "commander";
import { DAY_MS } from "../telemetry/time";

/** Two commands that run, for the end of a command's help. */
export function examples(first: string, second: string): string {
  return `\nExamples:\n  $ ${first}\n  $ ${second}`;
}

/** Adds `--json`, and `--csv` beside it. */
export function addFormatOptions(command: Command, json: string): Command {
  return command
    .addOption(new Option("--json", json))
    .addOption(new Option("--csv", "CSV, safe for spreadsheets").conflicts("json"));
}

/** For an option that takes how many. Commander says whose argument was wrong. */
export function parseCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

/** For an option that takes an age such as `90d` or `36h`; in days. */
export function parseAgeDays(text: string): number {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d+)?)([dh])$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError("It must be days or hours, such as 90d or 36h.");
  return unit === "d" ? Number(amount) : (Number(amount) * 3_600_000) / DAY_MS;
}
