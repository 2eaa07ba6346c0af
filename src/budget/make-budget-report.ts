import { patternOf } from "../name-pattern";
import type { Ledger } from "../report/database/ledger";
import { type DayCosts, daysBetween, expectDays } from "../report/expected-days";
import { isLabelKey, labelOf } from "../report/labels";
import { dayBefore, dayIn } from "../report/time-zone";
import type { ExecutionFilter } from "../report/types";
import { TOLERANCE } from "./accounts";
import type { BudgetReport, BudgetReportEntry } from "./budget-report";
import { budgetStandings, type Standing } from "./budget-standings";
import { type ParsedBudget, parseBudgets } from "./options";
import type { Period } from "./period";
import type { BudgetOptions } from "./types";

/** See {@link budgetReport}. */
export async function makeBudgetReport(
  ledger: Ledger,
  options: BudgetOptions | undefined,
  mostValues: number,
): Promise<BudgetReport> {
  const nowMs = Date.now();
  const budgets: BudgetReportEntry[] = [];
  if (options !== undefined) {
    const { unknownCostUsd } = options;
    const parsed = parseBudgets({ budgets: options.budgets, unknownCostUsd }, "budgets");
    for (const standing of await budgetStandings(ledger, parsed, nowMs, mostValues)) {
      budgets.push({ ...standing.entry, ...(await outlook(ledger, standing, parsed.unknownCostUsd, nowMs)) });
    }
  }
  const generatedAt = new Date(nowMs).toISOString();
  return { schema: "runledger.budget/1", ledger: ledger.location, generatedAt, budgets };
}

type Outlook = Pick<BudgetReportEntry, "projectedUsd" | "reachedOn" | "basis">;

async function outlook(
  ledger: Ledger,
  { budget, value, period, entry }: Standing,
  unknownCostUsd: number,
  nowMs: number,
): Promise<Outlook> {
  if (budget.per === "execution") {
    const basis = "What is spent is what the costliest execution of today cost.";
    return { projectedUsd: null, reachedOn: null, basis };
  }
  const days = await expectDays(
    ledger,
    filterOfValue(budget, value),
    nowMs,
    ({ costUsd, withoutCost }) => costUsd + withoutCost * unknownCostUsd,
  );
  return project(budget, period, entry.spentUsd, days);
}

/** The amount at the end of the period, and the day on which the limit is reached, from past and expected days. */
function project(
  { limitUsd, timeZone }: ParsedBudget,
  { startMs, endMs }: Period,
  spentUsd: number,
  { today, costOf, expected, basis }: DayCosts,
): Outlook {
  const tomorrow = dayBefore(today, -1);
  const isReached = (sum: number) => sum >= limitUsd * (1 - TOLERANCE);
  let reachedOn: string | null = null;
  let sum = 0;
  for (const day of daysBetween(dayIn(timeZone, startMs), tomorrow)) {
    sum += costOf(day);
    if (isReached(sum)) reachedOn ??= day;
  }
  // Executions dated after today count as spent too.
  if (isReached(spentUsd)) reachedOn ??= today;
  if (expected === undefined) return { projectedUsd: null, reachedOn, basis };
  let projectedUsd = spentUsd + Math.max(0, expected(today).median - costOf(today));
  if (isReached(projectedUsd)) reachedOn ??= today;
  for (const day of daysBetween(tomorrow, dayIn(timeZone, endMs))) {
    projectedUsd += expected(day).median;
    if (isReached(projectedUsd)) reachedOn ??= day;
  }
  return { projectedUsd, reachedOn, basis };
}

/** The executions of one value of a budget. */
function filterOfValue({ match, each, timeZone }: ParsedBudget, value: string): ExecutionFilter {
  if (each === undefined) return { ...match, timeZone };
  if (isLabelKey(each)) {
    return { ...match, timeZone, labels: { ...match.labels, [labelOf(each)]: patternOf(value) } };
  }
  return { ...match, timeZone, [each]: patternOf(value) };
}
