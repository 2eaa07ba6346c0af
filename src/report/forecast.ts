import type { Ledger } from "./database/ledger";
import { resolveFilter } from "./filter";
import { dayBefore, dayIn, endOfDay } from "./time-zone";
import type { ExecutionFilter } from "./types";
import { usageReport } from "./usage-report";

/** What a month will probably cost. */
export interface Forecast {
  /** Of which month, `2026-11`. */
  readonly month: string;
  /** What it has cost so far, in US dollars. */
  readonly spentUsd: number;
  /** What it will have cost at its end: the likely amount, and a range. `null` when too little is known. */
  readonly expectedUsd: number | null;
  readonly lowUsd: number | null;
  readonly highUsd: number | null;
  /** How that was computed, as a sentence; or why it was not. */
  readonly basis: string;
}

/** How far back days are looked at. */
const HISTORY_DAYS = 8 * 7;
/** With fewer days there is no forecast: each weekday has to occur twice. */
const LEAST_DAYS = 14;

/** A day of history, or an expected one: the quartiles of the same weekdays. */
interface Expectation {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/**
 * What the current month has cost, and will have cost at its end: each day that is left costs the median of the same
 * weekdays of the last 8 weeks, what is left of today included. The range is that of their quartiles. Days without
 * executions cost nothing.
 *
 * @param filter Which executions; of which time, is given.
 * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`
 */
export async function forecast(
  ledger: Ledger,
  filter: Omit<ExecutionFilter, "since" | "until"> = {},
): Promise<Forecast> {
  const nowMs = Date.now();
  const { timeZone } = resolveFilter(filter);
  const today = dayIn(timeZone, nowMs);
  const month = today.slice(0, "YYYY-MM".length);
  const firstOfHistory = dayBefore(today, HISTORY_DAYS);
  const until = endOfDay(timeZone, nowMs);
  const { groups } = await usageReport(ledger, { ...filter, since: firstOfHistory, until, by: ["day"] });
  const costs = new Map(groups.map(({ day = "", costUsd }) => [day, costUsd]));
  const history = await daysOfHistory(ledger, filter, firstOfHistory, today, groups[0]?.day);
  const costOf = (day: string) => costs.get(day) ?? 0;
  const spentUsd = daysBetween(`${month}-01`, dayBefore(today, -1)).reduce(
    (sum, day) => sum + costOf(day),
    0,
  );
  const unknown = groups
    .filter(({ day = "" }) => day.startsWith(month))
    .reduce((sum, { withoutCost }) => sum + withoutCost, 0);
  const caveat =
    unknown === 0 ? "" : ` ${unknown} of this month's executions came without a cost: nothing in here.`;
  if (history.length < LEAST_DAYS) {
    const basis = `There are ${history.length} days before today to go by; a forecast takes ${LEAST_DAYS}.${caveat}`;
    return { month, spentUsd, expectedUsd: null, lowUsd: null, highUsd: null, basis };
  }
  const byWeekday = Map.groupBy(history, weekdayOf);
  const expected = (day: string) => quartiles((byWeekday.get(weekdayOf(day)) ?? []).map(costOf));
  const left = daysBetween(dayBefore(today, -1), firstOfNextMonth(month)).map(expected);
  const ofToday = expected(today);
  const atEnd = (read: (day: Expectation) => number) =>
    left.reduce((sum, day) => sum + read(day), spentUsd + Math.max(0, read(ofToday) - costOf(today)));
  return {
    month,
    spentUsd,
    expectedUsd: atEnd(({ median }) => median),
    lowUsd: atEnd(({ low }) => low),
    highUsd: atEnd(({ high }) => high),
    basis: `Each day that is left costs the median of the same weekdays of the ${history.length} days before today; the range is by their quartiles.${caveat}`,
  };
}

/** All days before today, beginning with the first that has an execution. */
async function daysOfHistory(
  ledger: Ledger,
  filter: ExecutionFilter,
  firstDay: string,
  today: string,
  firstUsed: string | undefined,
): Promise<readonly string[]> {
  const { totals } = await usageReport(ledger, { ...filter, until: firstDay });
  const first = totals.executions > 0 ? firstDay : (firstUsed ?? today);
  return daysBetween(first, today);
}

/** The days from one, up to but not including another. */
function daysBetween(fromDay: string, toDay: string): readonly string[] {
  const days: string[] = [];
  for (let day = fromDay; day < toDay; day = dayBefore(day, -1)) days.push(day);
  return days;
}

function weekdayOf(day: string): number {
  return new Date(`${day}T00:00Z`).getUTCDay();
}

function firstOfNextMonth(month: string): string {
  const mostDays = 31;
  return `${dayBefore(`${month}-01`, -mostDays).slice(0, "YYYY-MM".length)}-01`;
}

function quartiles(values: readonly number[]): Expectation {
  const sorted = values.toSorted((a, b) => a - b);
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) };
}

/** By linear interpolation, as `percentile_cont` of SQL. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
