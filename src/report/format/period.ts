import { dayIn, startOfDay, wallTime } from "../time-zone";
import type { UsageReport } from "../types";

/** A report's period in its time zone: `2026-10-01 – 2026-10-28 (UTC)`; whole days as dates. */
export function formatPeriod({ since, until, timeZone }: UsageReport["filter"]): string {
  const first = since === null ? undefined : formatTime(timeZone, Date.parse(since), 0);
  // A period that ends at midnight ends with the day before.
  const last = until === null ? undefined : formatTime(timeZone, Date.parse(until), 1);
  return `${joined(first, last)} (${timeZone})`;
}

function joined(first: string | undefined, last: string | undefined): string {
  if (first === undefined) return last === undefined ? "all time" : `until ${last}`;
  if (last === undefined) return `since ${first}`;
  return first === last ? first : `${first} – ${last}`;
}

/** At midnight, the date of the instant `earlierMs` before; otherwise date and time. */
function formatTime(timeZone: string, epochMs: number, earlierMs: number): string {
  const isStartOfDay = startOfDay(dayIn(timeZone, epochMs), timeZone) === epochMs;
  if (isStartOfDay) return dayIn(timeZone, epochMs - earlierMs);
  return wallTime(timeZone, epochMs).slice(0, "YYYY-MM-DD HH:MM:SS".length);
}
