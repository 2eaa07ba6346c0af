import type { TelemetryRecord } from "./types";

/** Milliseconds of one day. */
export const DAY_MS = 86_400_000;

/** The first and the last instant with a four-digit year: within them, texts sort as times do. */
const EARLIEST_MS = Date.parse("0000-01-01T00:00:00.000Z");
export const LATEST_MS = Date.parse("9999-12-31T23:59:59.999Z");

const DATE_AND_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)? ?/i;
const OFFSET = /(?:Z|([+-])(\d{2}):?(\d{2})?)$/i;

/**
 * Epoch milliseconds of an instant given as a `Date`, epoch milliseconds, or ISO 8601 text with an offset;
 * `undefined` if it isn't one, or if its year is not between 0000 and 9999. Fractions of a millisecond are
 * cut off.
 */
export function toEpochMs(instant: Date | number | string): number | undefined {
  const epochMs = Math.floor(typeof instant === "string" ? parseIso(instant) : Number(instant));
  return epochMs >= EARLIEST_MS && epochMs <= LATEST_MS ? epochMs : undefined;
}

/** A plausible time is in this century. */
const PLAUSIBLE_FROM_MS = Date.parse("2000-01-01T00:00:00Z");
const PLAUSIBLE_TO_MS = Date.parse("2100-01-01T00:00:00Z");
/** Epoch seconds of a plausible time, read as milliseconds, fall in the first weeks of 1970. */
const SECONDS_FROM = PLAUSIBLE_FROM_MS / 1_000;
const SECONDS_TO = PLAUSIBLE_TO_MS / 1_000;

/** Whether a number, or a `Date`, is probably in seconds: implausible as milliseconds, plausible as seconds. */
export function areSeconds(epochMs: Date | number): boolean {
  return Number(epochMs) >= SECONDS_FROM && Number(epochMs) < SECONDS_TO;
}

/** When an event completed, in epoch milliseconds; `undefined` if only the schema can decide. */
export function completedMsOf(completedAt: TelemetryRecord["completedAt"]): number | undefined {
  if (completedAt == null) return Date.now();
  const isInstant =
    typeof completedAt === "string" || typeof completedAt === "number" || completedAt instanceof Date;
  const epochMs = isInstant ? toEpochMs(completedAt) : undefined;
  // As a number it would look like epoch seconds.
  return epochMs === undefined || areSeconds(epochMs) ? undefined : epochMs;
}

/** A hint for a number, or a `Date` made from one, that is a plausible time in a unit other than milliseconds. */
export function unitHint(instant: unknown): string | undefined {
  if (typeof instant !== "number" && !(instant instanceof Date)) return undefined;
  const isPlausible = (epochMs: number) => epochMs >= PLAUSIBLE_FROM_MS && epochMs < PLAUSIBLE_TO_MS;
  if (areSeconds(instant)) return "It looks like epoch seconds: multiply it by 1000.";
  if (isPlausible(Number(instant) / 1e3)) return "It looks like epoch microseconds: divide it by 1000.";
  if (isPlausible(Number(instant) / 1e6)) return "It looks like epoch nanoseconds: divide it by 1000000.";
  return undefined;
}

/** A hint for text that is a date or time but lacks a zone. */
export function zoneHint(text: string): string | undefined {
  const isTime = !Number.isNaN(parseIso(`${text}Z`)) || !Number.isNaN(parseIso(`${text}T00:00Z`));
  return isTime ? "A time without a zone is ambiguous: append Z if it is UTC." : undefined;
}

/** The ledger's form of a time: `YYYY-MM-DD HH:MM:SS.SSS`, UTC. */
export function toLedgerTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, -1).replace("T", " ");
}

/** The UTC day of a stored time: `YYYY-MM-DD`. */
export function dayOf(ledgerTime: string): string {
  return ledgerTime.slice(0, 10);
}

/** One millisecond after a stored time; `undefined` if the text is not such a time. */
export function justAfter(ledgerTime: string): string | undefined {
  const epochMs = toEpochMs(`${ledgerTime}Z`);
  return epochMs === undefined ? undefined : toLedgerTime(Math.min(epochMs + 1, LATEST_MS));
}

/**
 * The text below which stored times are older than the instant; `undefined` when none can be older.
 *
 * Older programs stored whole seconds without `.000`, and a prefix sorts before the longer text. Without `.000` the
 * cutoff is right for both forms.
 */
export function cutoffText(epochMs: number): string | undefined {
  if (!(epochMs > EARLIEST_MS)) return undefined;
  return toLedgerTime(Math.min(epochMs, LATEST_MS)).replace(/\.000$/, "");
}

/** Stricter than `Date.parse`, which reads 30 February as 2 March. `NaN` when the text is not such a time. */
function parseIso(text: string): number {
  const time = DATE_AND_TIME.exec(text);
  if (time === null) return Number.NaN;
  const offset = OFFSET.exec(text);
  if (offset === null || time[0].length !== offset.index) return Number.NaN;

  const [, date, hoursMinutes, seconds = "00", fraction = ""] = time;
  const iso = `${date}T${hoursMinutes}:${seconds}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
  const wallMs = Date.parse(iso);
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString() !== iso) return Number.NaN;

  const [, sign, hours = "00", minutes = "00"] = offset;
  if (Number(hours) > 23 || Number(minutes) > 59) return Number.NaN;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === "-" ? wallMs + offsetMs : wallMs - offsetMs;
}
