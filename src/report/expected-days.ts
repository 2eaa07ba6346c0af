import { answer } from "./answer";
import type { Ledger } from "./database/ledger";
import { resolveFilter } from "./filter";
import { dayBefore, dayIn, endOfDay } from "./time-zone";
import type { ExecutionFilter, UsageGroup } from "./types";

/** How many days back the history goes. */
const HISTORY_DAYS = 8 * 7;
/** With fewer days there is no forecast: each weekday has to occur twice. */
const LEAST_DAYS = 14;

/** The sums that are needed of a day. */
const READ = ["executions", "usedIn", "costUsd", "withoutCost"] as const;

/** A day of history, or an expected one: the quartiles of the same weekdays. */
export interface Expectation {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** What the days of the last 8 weeks cost, and what future days are expected to cost. */
export interface DayCosts {
  /** `YYYY-MM-DD` */
  readonly today: string;
  /** What a day has cost so far, in US dollars. */
  readonly costOf: (day: string) => number;
  /** How many of a day's executions have an unknown cost. */
  readonly withoutCostOf: (day: string) => number;
  /** How many days of history there are before today. */
  readonly historyDays: number;
  /** What a whole day will cost; `undefined` if too little is known. */
  readonly expected: ((day: string) => Expectation) | undefined;
  /** How that is computed, as a sentence; or why it is not. */
  readonly basis: string;
}

/**
 * What days cost. Each future day is expected to cost the median of the same weekdays of the last 8 weeks. Days without
 * executions cost nothing.
 *
 * @param filter Which executions; without times.
 * @param costOfGroup What the executions of a day count as. Default: their cost.
 * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`
 */
export async function expectDays(
  ledger: Ledger,
  filter: Omit<ExecutionFilter, "since" | "until">,
  nowMs: number,
  costOfGroup: (group: Pick<UsageGroup, "costUsd" | "withoutCost">) => number = ({ costUsd }) => costUsd,
): Promise<DayCosts> {
  const { timeZone } = resolveFilter(filter);
  const today = dayIn(timeZone, nowMs);
  const firstOfHistory = dayBefore(today, HISTORY_DAYS);
  const until = endOfDay(timeZone, nowMs);
  const days = { groupings: [["day"]], exact: false, only: READ } as const;
  const {
    groups: [groups = []],
  } = await answer(ledger, { ...filter, since: firstOfHistory, until }, days);
  const byDay = new Map(groups.map((group) => [group.day ?? "", group]));
  const costs = new Map(groups.map((group) => [group.day ?? "", costOfGroup(group)]));
  const costOf = (day: string) => costs.get(day) ?? 0;
  const history = await daysOfHistory(ledger, filter, firstOfHistory, today, groups[0]?.day);
  const known = { today, costOf, withoutCostOf: (day: string) => byDay.get(day)?.withoutCost ?? 0 };
  if (history.length < LEAST_DAYS) {
    const basis = `There are ${history.length} days before today to go by; a forecast takes ${LEAST_DAYS}.`;
    return { ...known, historyDays: history.length, expected: undefined, basis };
  }
  const byWeekday = Map.groupBy(history, weekdayOf);
  return {
    ...known,
    historyDays: history.length,
    expected: (day) => quartiles((byWeekday.get(weekdayOf(day)) ?? []).map(costOf)),
    basis: `Each day that is left costs the median of the same weekdays of the ${history.length} days before today; the range is by their quartiles.`,
  };
}

/** The days from one up to, but not including, another. */
export function daysBetween(fromDay: string, toDay: string): readonly string[] {
  const days: string[] = [];
  for (let day = fromDay; day < toDay; day = dayBefore(day, -1)) days.push(day);
  return days;
}

/** All days before today, beginning with the first that has an execution. */
async function daysOfHistory(
  ledger: Ledger,
  filter: ExecutionFilter,
  firstDay: string,
  today: string,
  firstUsed: string | undefined,
): Promise<readonly string[]> {
  const isOlder = await hasExecutionsBefore(ledger, filter, firstDay);
  return daysBetween(isOlder ? firstDay : (firstUsed ?? today), today);
}

/** Looks at the weeks before first, which usually have some: searching all of a ledger of years would be slow. */
async function hasExecutionsBefore(ledger: Ledger, filter: ExecutionFilter, day: string): Promise<boolean> {
  for (const since of [dayBefore(day, HISTORY_DAYS), undefined]) {
    const asked = { groupings: [], exact: false, only: ["executions", "usedIn"] } as const;
    const { totals } = await answer(ledger, { ...filter, since, until: day }, asked);
    if (totals.executions > 0) return true;
  }
  return false;
}

function weekdayOf(day: string): number {
  return new Date(`${day}T00:00Z`).getUTCDay();
}

function quartiles(values: readonly number[]): Expectation {
  const sorted = values.toSorted((a, b) => a - b);
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) };
}

/** With linear interpolation, like `percentile_cont` in SQL. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
