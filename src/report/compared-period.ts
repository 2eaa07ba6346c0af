import { DAY_MS } from "../record/time";
import type { Span } from "./conditions";
import { dayBefore, dayIn, startOfDay } from "./time-zone";

const MONTH = /^\d{4}-\d{2}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What {@link comparedPeriod} accepts, for messages. */
export const COMPARED_WITH = '"previous", a month such as 2026-09, or a day such as 2026-09-15 to begin with';

/**
 * The period to compare with; `undefined` if the text doesn't name one.
 *
 * `previous` is the period of the same number of days right before; for a month, or for its days so far, the month before.
 * A month such as `2026-09` is the whole month. A day starts a period of the same length.
 */
export function comparedPeriod(wanted: string, { fromMs, toMs }: Span, timeZone: string): Span | undefined {
  if (wanted === "previous") return previous({ fromMs, toMs }, timeZone);
  if (MONTH.test(wanted)) {
    const monthMs = startOfDay(`${wanted}-01`, timeZone);
    return monthMs === undefined ? undefined : { fromMs: monthMs, toMs: nextMonth(monthMs, timeZone) };
  }
  const firstMs = DAY.test(wanted) ? startOfDay(wanted, timeZone) : undefined;
  return firstMs === undefined ? undefined : { fromMs: firstMs, toMs: firstMs + (toMs - fromMs) };
}

function previous({ fromMs, toMs }: Span, timeZone: string): Span {
  const firstDay = dayIn(timeZone, fromMs);
  const isMonth = firstDay.endsWith("-01") && startOfDay(firstDay, timeZone) === fromMs;
  if (isMonth && toMs <= nextMonth(fromMs, timeZone)) {
    const lastDayBefore = dayBefore(firstDay, 1);
    const daysBefore = Number(lastDayBefore.slice(-2));
    const isWhole = toMs === nextMonth(fromMs, timeZone);
    const beforeMs = earlier(fromMs, daysBefore, timeZone);
    return {
      fromMs: beforeMs,
      toMs: isWhole ? fromMs : Math.min(fromMs, earlier(toMs, daysBefore, timeZone)),
    };
  }
  const days = Math.max(1, Math.round((toMs - fromMs) / DAY_MS));
  const earlierMs = earlier(fromMs, days, timeZone);
  return {
    fromMs: earlierMs,
    toMs: Math.max(earlierMs + 1, Math.min(fromMs, earlier(toMs, days, timeZone))),
  };
}

/** The same time of day, a number of days earlier. */
function earlier(epochMs: number, days: number, timeZone: string): number {
  const day = dayIn(timeZone, epochMs);
  const beginsMs = startOfDay(day, timeZone) ?? epochMs;
  return (startOfDay(dayBefore(day, days), timeZone) ?? beginsMs - days * DAY_MS) + (epochMs - beginsMs);
}

/** The beginning of the next month. */
function nextMonth(epochMs: number, timeZone: string): number {
  const mostDays = 31;
  const day = dayBefore(`${dayIn(timeZone, epochMs).slice(0, "YYYY-MM".length)}-01`, -mostDays);
  return startOfDay(`${day.slice(0, "YYYY-MM".length)}-01`, timeZone) ?? Number.POSITIVE_INFINITY;
}
