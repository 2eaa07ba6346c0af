import { DAY_MS, dayOf, toEpochMs, toLedgerTime } from "../record/time";

/**
 * The zone of the ledger's own days. Code for it avoids Intl and Temporal, which take as long to load as a small report.
 */
export const UTC = "UTC";

/** The name that stands for the time zone of this machine: `TZ`, else the system's. */
const LOCAL = "local";

/** The usual spelling of a time zone's name, or `undefined` when there is none of that name. */
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

/** When a day (`YYYY-MM-DD`) begins in a zone, in epoch milliseconds; `undefined` when it is no day. */
export function startOfDay(day: string, timeZone: string): number | undefined {
  if (timeZone === UTC) return toEpochMs(`${day}T00:00Z`);
  try {
    // Where clocks skip midnight, the first time after it.
    return toEpochMs(Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds);
  } catch {
    return undefined;
  }
}

/** The day of an instant in a zone: `YYYY-MM-DD`. */
export function dayIn(timeZone: string, epochMs: number): string {
  return dayOf(wallTime(timeZone, epochMs));
}

/** The wall clock of an instant in a zone: `2026-01-31 12:00:00.000`. */
export function wallTime(timeZone: string, epochMs: number): string {
  if (timeZone === UTC) return toLedgerTime(epochMs);
  const time = Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(timeZone);
  return `${time.toPlainDate()} ${time.toPlainTime().toString({ smallestUnit: "millisecond" })}`;
}

/** A stored time to its second in a zone, `2026-01-31 12:00:00`; what another program stored as no time, as it is. */
export function wallTimeOf(timeZone: string, ledgerTime: string): string {
  const epochMs = toEpochMs(`${ledgerTime}Z`);
  return (epochMs === undefined ? `${ledgerTime}` : wallTime(timeZone, epochMs)).slice(
    0,
    "YYYY-MM-DD HH:MM:SS".length,
  );
}

/** A stored time to its minute in a zone, `2026-01-31 12:00`; what another program stored as no time, as it is. */
export function minuteIn(timeZone: string, ledgerTime: string): string {
  const epochMs = timeZone === UTC ? undefined : toEpochMs(`${ledgerTime}Z`);
  // Another program may have stored a number.
  if (epochMs === undefined) return `${ledgerTime}`.slice(0, "YYYY-MM-DD HH:MM".length);
  return wallTime(timeZone, epochMs).slice(0, "YYYY-MM-DD HH:MM".length);
}

/** The day so many days before another; after it for a negative number. */
export function dayBefore(day: string, days: number): string {
  return dayOf(toLedgerTime(Date.parse(`${day}T00:00Z`) - days * DAY_MS));
}

/** When the day of an instant ends in a zone, in epoch milliseconds; `undefined` at the end of the calendar. */
export function endOfDay(timeZone: string, epochMs: number): number | undefined {
  return startOfDay(dayBefore(dayIn(timeZone, epochMs), -1), timeZone);
}

/** By how many seconds a zone is ahead of UTC: every offset that it has from one instant to another. */
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
