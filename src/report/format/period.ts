import type { UsageReport } from "../types";

/** From when to when a report is, in its time zone: `2026-10-01 – 2026-10-28 (UTC)`; whole days by their dates. */
export function formatPeriod({ since, until, timeZone }: UsageReport["filter"]): string {
  const first = since === null ? undefined : formatBeginning(zoned(since, timeZone));
  const last = until === null ? undefined : formatEnd(zoned(until, timeZone));
  return `${joined(first, last)} (${timeZone})`;
}

function joined(first: string | undefined, last: string | undefined): string {
  if (first === undefined) return last === undefined ? "all time" : `until ${last}`;
  if (last === undefined) return `since ${first}`;
  return first === last ? first : `${first} – ${last}`;
}

function formatBeginning(time: Temporal.ZonedDateTime): string {
  return startsDay(time) ? dateOf(time) : dateAndTimeOf(time);
}

/** What ends where a day begins has the day before as its last. */
function formatEnd(time: Temporal.ZonedDateTime): string {
  return startsDay(time) ? dateOf(time.subtract({ milliseconds: 1 })) : dateAndTimeOf(time);
}

function zoned(instant: string, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone);
}

function startsDay(time: Temporal.ZonedDateTime): boolean {
  return time.equals(time.startOfDay());
}

function dateOf(time: Temporal.ZonedDateTime): string {
  return time.toPlainDate().toString();
}

function dateAndTimeOf(time: Temporal.ZonedDateTime): string {
  return `${dateOf(time)} ${time.toPlainTime().toString({ smallestUnit: "second" })}`;
}
