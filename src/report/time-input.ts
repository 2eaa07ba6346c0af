import { areSeconds, DAY_MS, toEpochMs } from "../record/time";
import { dayBefore, dayIn, startOfDay } from "./time-zone";
import type { TimeInput } from "./types";

const AGO = /^(\d{1,7})([hdwy])$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MONTH = /^\d{4}-\d{2}$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  h: DAY_MS / 24,
  d: DAY_MS,
  w: 7 * DAY_MS,
  y: 365 * DAY_MS,
};

/** Named periods, each with the day on which it begins, computed from today. Weeks begin on Monday. */
const NAMED_PERIODS: Readonly<Record<string, (today: string) => string>> = {
  today: (today) => today,
  yesterday: (today) => dayBefore(today, 1),
  "this-week": mondayOf,
  "last-week": (today) => dayBefore(mondayOf(today), 7),
  "this-month": firstOfMonth,
  "last-month": (today) => firstOfMonth(dayBefore(firstOfMonth(today), 1)),
};
export const PERIOD_NAMES = Object.keys(NAMED_PERIODS);

/** What {@link resolveTime} accepts, for messages. */
export const TIME_INPUT =
  `a Date, epoch milliseconds, ISO 8601 text with an offset, YYYY-MM-DD, YYYY-MM, one of ${PERIOD_NAMES.join(", ")}, ` +
  "or such as 12h, 30d, 4w or 1y for so long ago";

/**
 * Epoch milliseconds of an instant; `undefined` if it isn't one, or not in the years 0000 to 9999. A day, a month or a
 * named period stands for its beginning.
 */
export function resolveTime(input: TimeInput, timeZone: string, nowMs: number): number | undefined {
  if (typeof input !== "string") return areSeconds(input) ? undefined : toEpochMs(input);
  const [, amount, unit = ""] = AGO.exec(input) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs !== undefined) return toEpochMs(nowMs - Number(amount) * unitMs);
  const dayOfPeriod = Object.hasOwn(NAMED_PERIODS, input) ? NAMED_PERIODS[input] : undefined;
  if (dayOfPeriod !== undefined) return startOfDay(dayOfPeriod(dayIn(timeZone, nowMs)), timeZone);
  if (MONTH.test(input)) return startOfDay(`${input}-01`, timeZone);
  return DAY.test(input) ? startOfDay(input, timeZone) : toEpochMs(input);
}

function mondayOf(day: string): string {
  const sunday = 0;
  const weekday = new Date(`${day}T00:00Z`).getUTCDay();
  return dayBefore(day, weekday === sunday ? 6 : weekday - 1);
}

function firstOfMonth(day: string): string {
  return `${day.slice(0, "YYYY-MM".length)}-01`;
}
