import { areSeconds, DAY_MS, toEpochMs } from "../record/time";
import { startOfDay } from "./time-zone";
import type { TimeInput } from "./types";

const AGO = /^(\d{1,7})([dh])$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const UNIT_MS = { d: DAY_MS, h: DAY_MS / 24 } as const;

/** What {@link resolveTime} takes, in words. */
export const TIME_INPUT =
  "a Date, epoch milliseconds, ISO 8601 text with an offset, YYYY-MM-DD, or such as 30d or 12h for so long ago";

/** Epoch milliseconds of an instant, or `undefined` when it is none, or not in the years 0000 to 9999. */
export function resolveTime(input: TimeInput, timeZone: string, nowMs: number): number | undefined {
  if (typeof input !== "string") return areSeconds(input) ? undefined : toEpochMs(input);
  const [, amount, unit] = AGO.exec(input) ?? [];
  if (unit === "d" || unit === "h") return toEpochMs(nowMs - Number(amount) * UNIT_MS[unit]);
  return DAY.test(input) ? startOfDay(input, timeZone) : toEpochMs(input);
}
