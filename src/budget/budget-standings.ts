import type { Ledger } from "../report/database/ledger";
import { atOneMoment } from "../report/database/snapshot";
import { executionsOf } from "../report/executions";
import { TOLERANCE } from "./accounts";
import type { BudgetReportEntry } from "./budget-report";
import type { ParsedBudget, ParsedBudgets } from "./options";
import { type Period, periodAt } from "./period";
import { readBudget } from "./read-budget";

/** The state of a budget, or of one of its values, without a projection. */
export interface Standing {
  readonly budget: ParsedBudget;
  /** `""` without `each`. */
  readonly value: string;
  readonly period: Period;
  readonly entry: Omit<BudgetReportEntry, "projectedUsd" | "reachedOn" | "basis">;
}

/** The state of all budgets; with `each`, a limited number of values: those that spent the most. */
export async function budgetStandings(
  ledger: Ledger,
  { budgets, unknownCostUsd }: ParsedBudgets,
  nowMs: number,
  mostValues: number,
): Promise<readonly Standing[]> {
  const standings: Standing[] = [];
  for (const budget of budgets) {
    const period = periodAt(budget.per === "execution" ? "day" : budget.per, budget.timeZone, nowMs);
    if (budget.per === "execution") {
      standings.push(standing(budget, "", period, await costliest(ledger, budget, period), 0));
      continue;
    }
    const amounts = await atOneMoment(ledger, (db) => readBudget(db, ledger, budget, period));
    const values = Array.from(amounts, ([value, { costUsd, unknown }]) =>
      standing(budget, value, period, costUsd + unknown * unknownCostUsd, unknown),
    );
    standings.push(...values.sort((a, b) => b.entry.spentUsd - a.entry.spentUsd).slice(0, mostValues));
  }
  return standings;
}

/** What the costliest execution of a period cost. */
async function costliest(
  ledger: Ledger,
  { match, timeZone }: ParsedBudget,
  { startMs, endMs }: Period,
): Promise<number> {
  const filter = { ...match, timeZone, since: startMs, until: endMs };
  for await (const [row] of executionsOf(ledger, filter, { order: "cost", limit: 1 })) {
    return row?.cost_usd ?? 0;
  }
  return 0;
}

function standing(
  budget: ParsedBudget,
  value: string,
  period: Period,
  spentUsd: number,
  unknownCosts: number,
): Standing {
  const { name, each, per, timeZone, limitUsd } = budget;
  const entry = {
    budget: name,
    value: each === undefined ? null : value,
    per,
    timeZone,
    limitUsd,
    spentUsd,
    share: spentUsd / limitUsd,
    remainingUsd: Math.max(0, limitUsd - spentUsd),
    exceeded: spentUsd > limitUsd * (1 + TOLERANCE),
    unknownCosts,
    period: { since: period.since, until: period.until },
  };
  return { budget, value, period, entry };
}
