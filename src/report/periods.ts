import { toEpochMs } from "../record/time";
import type { Span } from "./conditions";
import { dayIn, offsetsIn, UTC } from "./time-zone";
import type { GroupKey } from "./types";

/** The group keys that are times. */
export const TIME_KEYS = ["day", "week", "month"] as const satisfies readonly GroupKey[];
export type TimeKey = (typeof TIME_KEYS)[number];

export function isTimeKey(key: GroupKey): key is TimeKey {
  return (TIME_KEYS as readonly GroupKey[]).includes(key);
}

/** How many leading characters of a stored time identify a period of a number of seconds. */
const PREFIXES = [
  { length: "YYYY-MM-DD HH".length, seconds: 3_600 },
  { length: "YYYY-MM-DD HH:M".length, seconds: 600 },
  { length: "YYYY-MM-DD HH:MM".length, seconds: 60 },
  { length: "YYYY-MM-DD HH:MM:SS".length, seconds: 1 },
] as const;
/** The prefix that identifies a UTC day. */
export const DAY_LENGTH = "YYYY-MM-DD".length;
const FIRST_INSTANT = "0000-01-01 00:00:00";

/**
 * How many leading characters of a stored time identify its day in a zone: those of the hour, unless an offset of the
 * zone is not a whole number of hours.
 */
export function prefixLength(timeZone: string, { fromMs, toMs }: Span): number {
  if (timeZone === UTC) return DAY_LENGTH;
  const offsets = offsetsIn(timeZone, fromMs, toMs);
  const coarsest = PREFIXES.find(({ seconds }) => offsets.every((offset) => offset % seconds === 0));
  return (coarsest ?? PREFIXES[3]).length;
}

/**
 * Returns the day, week or month to which the prefix of a stored time belongs: `2026-01-31`, `2026-W05`, `2026-01`. A
 * prefix that is a whole UTC day belongs to the day of that name.
 */
export function periodsOf(key: TimeKey, timeZone: string): (prefix: string) => string {
  const known = new Map<string, string>();
  return (prefix) => {
    let period = known.get(prefix);
    if (period === undefined) {
      period = periodOf(key, dayOfPrefix(prefix, timeZone));
      known.set(prefix, period);
    }
    return period;
  };
}

function dayOfPrefix(prefix: string, timeZone: string): string {
  if (prefix.length <= DAY_LENGTH) return prefix;
  const epochMs = toEpochMs(`${prefix}${FIRST_INSTANT.slice(prefix.length)}Z`);
  // Another program may have stored something other than a time: it is shown as it is.
  return epochMs === undefined ? prefix.slice(0, DAY_LENGTH) : dayIn(timeZone, epochMs);
}

function periodOf(key: TimeKey, day: string): string {
  switch (key) {
    case "day":
      return day;
    case "week":
      return weekOf(day);
    case "month":
      return day.slice(0, "YYYY-MM".length);
  }
}

/** The ISO week: it begins on Monday, and belongs to the year of its Thursday. */
function weekOf(day: string): string {
  try {
    const { yearOfWeek, weekOfYear } = Temporal.PlainDate.from(day);
    return `${String(yearOfWeek).padStart(4, "0")}-W${String(weekOfYear).padStart(2, "0")}`;
  } catch {
    return day;
  }
}
