import { DAY_MS, dayOf, toEpochMs, toLedgerTime } from "../record/time";

/**
 * The zone of the ledger's own days. It has code of its own without Intl and Temporal, which take as long to load as a
 * small report.
 */
export const UTC = "UTC";

/** The name for the time zone of this machine: `TZ`, else the system's. */
const LOCAL = "local";

/** The usual spelling of a time zone's name, or `undefined` if there is no such zone. */
export function zoneNamed(name: string): string | undefined {
  if (name === UTC) return UTC;
  try {
    const options = name === LOCAL ? {} : { timeZone: name };
    const zone = new Intl.DateTimeFormat("en", options).resolvedOptions().timeZone;
    return zone === "Etc/UTC" ? UTC : zone;
  } catch {
    return undefined;
  }
}

/** When a day (`YYYY-MM-DD`) begins in a zone, in epoch milliseconds; `undefined` if it isn't a day. */
export function startOfDay(day: string, timeZone: string): number | undefined {
  if (timeZone === UTC) return toEpochMs(`${day}T00:00Z`);
  try {
    // If clocks skip midnight, the day begins at the first time after it.
    return toEpochMs(Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds);
  } catch {
    return undefined;
  }
}

/** The day of an instant in a zone: `YYYY-MM-DD`. */
export function dayIn(timeZone: string, epochMs: number): string {
  return dayOf(wallTime(timeZone, epochMs));
}

/** The local time of an instant in a zone: `2026-01-31 12:00:00.000`. */
export function wallTime(timeZone: string, epochMs: number): string {
  if (timeZone === UTC) return toLedgerTime(epochMs);
  const time = Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(timeZone);
  return `${time.toPlainDate()} ${time.toPlainTime().toString({ smallestUnit: "millisecond" })}`;
}

/**
 * A stored time to the second in a zone, `2026-01-31 12:00:00`. A value of another program that isn't a time is
 * returned as it is.
 */
export function wallTimeOf(timeZone: string, ledgerTime: string): string {
  const epochMs = toEpochMs(`${ledgerTime}Z`);
  return (epochMs === undefined ? `${ledgerTime}` : wallTime(timeZone, epochMs)).slice(
    0,
    "YYYY-MM-DD HH:MM:SS".length,
  );
}

/**
 * A stored time to the minute in a zone, `2026-01-31 12:00`. A value of another program that isn't a time is returned
 * as it is.
 */
export function minuteIn(timeZone: string, ledgerTime: string): string {
  const epochMs = timeZone === UTC ? undefined : toEpochMs(`${ledgerTime}Z`);
  // Another program may have stored a number.
  if (epochMs === undefined) return `${ledgerTime}`.slice(0, "YYYY-MM-DD HH:MM".length);
  return wallTime(timeZone, epochMs).slice(0, "YYYY-MM-DD HH:MM".length);
}

/** The day a number of days before another; after it for a negative number. */
export function dayBefore(day: string, days: number): string {
  return dayOf(toLedgerTime(Date.parse(`${day}T00:00Z`) - days * DAY_MS));
}

/** When the day of an instant ends in a zone, in epoch milliseconds; `undefined` at the end of the calendar. */
export function endOfDay(timeZone: string, epochMs: number): number | undefined {
  return startOfDay(dayBefore(dayIn(timeZone, epochMs), -1), timeZone);
}

/** A zone's offsets from UTC in seconds: all that it has from one instant to another. */
export function offsetsIn(timeZone: string, fromMs: number, toMs: number): number[] {
  const offsets: number[] = [];
  let time: Temporal.ZonedDateTime | null =
    Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timeZone);
  while (time !== null && time.epochMilliseconds <= toMs) {
    offsets.push(time.offsetNanoseconds / 1e9);
    time = time.getTimeZoneTransition("next");
  }
  return offsets;
}
