import type { Ledger } from "../report/database/ledger";
import type { BudgetOptions, PeriodLength } from "./types";

/** The state of a budget, or of one value of a budget with `each`. Amounts are in US dollars. */
export interface BudgetReportEntry {
  readonly budget: string;
  /** For a budget with `each`, the value; else `null`. */
  readonly value: string | null;
  readonly per: PeriodLength;
  readonly timeZone: string;
  readonly limitUsd: number;
  /** In the current period; for a budget per execution, today's costliest execution. */
  readonly spentUsd: number;
  /** `spentUsd` divided by `limitUsd`. */
  readonly share: number;
  /** What is left; never below 0. */
  readonly remainingUsd: number;
  /** Whether more than the limit is spent. */
  readonly exceeded: boolean;
  /** Executions of the period whose cost is unknown. */
  readonly unknownCosts: number;
  /** ISO 8601, half-open; for a budget per execution, today. */
  readonly period: { readonly since: string | null; readonly until: string | null };
  /** What will have been spent by the end of the period; `null` if too little is known. */
  readonly projectedUsd: number | null;
  /** The day on which the limit was or will be reached; `null` if that is not in this period, or unknown. */
  readonly reachedOn: string | null;
  /** How the projection was computed, as a sentence; or why it was not. */
  readonly basis: string;
}

/** The answer of {@link budgetReport}; ready for JSON. */
export interface BudgetReport {
  readonly schema: "runledger.budget/1";
  /** The ledger's location. */
  readonly ledger: string;
  /** ISO 8601. */
  readonly generatedAt: string;
  /** In the order of the budgets; the values of each, the highest spending first. */
  readonly budgets: readonly BudgetReportEntry[];
}

/**
 * The state of each budget, from a ledger: a file, or PostgreSQL with all ledgers that are forwarded there.
 *
 * @param options `undefined`: no budgets.
 * @param mostValues For a budget with `each`, at most this many values: those that spent the most. Default: all.
 * @throws {RunledgerError} `INVALID_OPTION`, `STORE_FAILED`
 */
export async function budgetReport(
  ledger: Ledger,
  options: BudgetOptions | undefined,
  mostValues: number = Number.POSITIVE_INFINITY,
): Promise<BudgetReport> {
  // Loaded on use: an application that only checks and reserves needs no reports.
  const { makeBudgetReport } = await import("./make-budget-report");
  return makeBudgetReport(ledger, options, mostValues);
}
