import type { Ledger } from "./database/ledger";
import { daysBetween, type Expectation, expectDays } from "./expected-days";
import { dayBefore } from "./time-zone";
import type { ExecutionFilter } from "./types";

/** What a month will probably cost. */
export interface Forecast {
  /** The month, `2026-11`. */
  readonly month: string;
  /** What it has cost so far, in US dollars. */
  readonly spentUsd: number;
  /** What it will have cost at its end: the likely amount, and a range. `null` if too little is known. */
  readonly expectedUsd: number | null;
  readonly lowUsd: number | null;
  readonly highUsd: number | null;
  /** How that was computed, as a sentence; or why it was not. */
  readonly basis: string;
}

/**
 * What the current month has cost, and will have cost at its end. Each remaining day is expected to cost the median of
 * the same weekdays of the last 8 weeks, and today to reach it. The range comes from their quartiles. Days without
 * executions cost nothing.
 *
 * @param filter Which executions; without times.
 * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`
 */
export async function forecast(
  ledger: Ledger,
  filter: Omit<ExecutionFilter, "since" | "until"> = {},
): Promise<Forecast> {
  const { today, costOf, withoutCostOf, expected, basis } = await expectDays(ledger, filter, Date.now());
  const month = today.slice(0, "YYYY-MM".length);
  const tomorrow = dayBefore(today, -1);
  const soFar = daysBetween(`${month}-01`, tomorrow);
  const spentUsd = soFar.reduce((sum, day) => sum + costOf(day), 0);
  const unknown = soFar.reduce((sum, day) => sum + withoutCostOf(day), 0);
  const caveat =
    unknown === 0 ? "" : ` ${unknown} of this month's executions came without a cost: nothing in here.`;
  const known = { month, spentUsd, basis: `${basis}${caveat}` };
  if (expected === undefined) return { ...known, expectedUsd: null, lowUsd: null, highUsd: null };
  const left = daysBetween(tomorrow, firstOfNextMonth(month)).map(expected);
  const ofToday = expected(today);
  const atEnd = (read: (day: Expectation) => number) =>
    left.reduce((sum, day) => sum + read(day), spentUsd + Math.max(0, read(ofToday) - costOf(today)));
  return {
    ...known,
    expectedUsd: atEnd(({ median }) => median),
    lowUsd: atEnd(({ low }) => low),
    highUsd: atEnd(({ high }) => high),
  };
}

function firstOfNextMonth(month: string): string {
  const mostDays = 31;
  return `${dayBefore(`${month}-01`, -mostDays).slice(0, "YYYY-MM".length)}-01`;
}
