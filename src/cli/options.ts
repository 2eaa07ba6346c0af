import { type Command, InvalidArgumentError, Option } from "commander";
import { DAY_MS, zoneHint } from "../record/time";
import { withLabel } from "../report/labels";
import { resolveTime } from "../report/time-input";
import { UTC, zoneNamed } from "../report/time-zone";

/** Two example commands, for the end of a command's help. */
export function examples(first: string, second: string): string {
  return `\nExamples:\n  $ ${first}\n  $ ${second}`;
}

/** Adds `--json`, and `--csv` beside it. */
export function addFormatOptions(command: Command, json: string): Command {
  return command
    .addOption(new Option("--json", json))
    .addOption(new Option("--csv", "CSV, safe for spreadsheets").conflicts("json"));
}

/** Parses a count. Commander says which option's argument was wrong. */
export function parseCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

/** Parses a time, which is resolved later, when its zone is known. */
export function parseTime(text: string): string {
  if (resolveTime(text, UTC, Date.now()) !== undefined) return text;
  throw new InvalidArgumentError(
    zoneHint(text) ??
      "It must be such as today, last-month, 90d, 12h, 2026-01, 2026-01-31 or 2026-01-31T12:00:00Z.",
  );
}

/** Parses a label such as `team=core`, for an option that may be repeated. */
export function parseLabel(
  text: string,
  others: Readonly<Record<string, readonly string[]>> = {},
): Readonly<Record<string, readonly string[]>> {
  const labels = withLabel(others, text);
  if (labels !== undefined) return labels;
  throw new InvalidArgumentError("It must be a label and a value, such as team=core.");
}

/** Parses a time zone. */
export function parseZone(text: string): string {
  if (zoneNamed(text) !== undefined) return text;
  throw new InvalidArgumentError("It must be the name of a time zone, such as Europe/Berlin, or local.");
}

/** Parses a pause such as `30m` or `1h`; in milliseconds. */
export function parsePauseMs(text: string): number {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d+)?)([mhd])$/.exec(text) ?? [];
  if (amount === undefined) {
    throw new InvalidArgumentError("It must be minutes, hours or days, such as 30m, 1h or 2d.");
  }
  return Number(amount) * { m: 60_000, h: 3_600_000, d: DAY_MS }[unit as "m" | "h" | "d"];
}

/** Parses an age such as `90d` or `36h`; in days. */
export function parseAgeDays(text: string): number {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d+)?)([dh])$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError("It must be days or hours, such as 90d or 36h.");
  return unit === "d" ? Number(amount) : (Number(amount) * 3_600_000) / DAY_MS;
}
