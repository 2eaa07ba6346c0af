import type { Ledger } from "../report/database/ledger";
import type { BudgetOptions, PeriodLength } from "./types";

/** Where a budget, or one value of a budget with `each`, stands. Amounts are in US dollars. */
export interface BudgetReportEntry {
  readonly budget: string;
  /** Of a budget with `each`, the value; else `null`. */
  readonly value: string | null;
  readonly per: PeriodLength;
  readonly timeZone: string;
  readonly limitUsd: number;
  /** In the current period; of a budget per execution, the costliest execution of today. */
  readonly spentUsd: number;
  /** `spentUsd` of `limitUsd`. */
  readonly share: number;
  /** What is left; never below 0. */
  readonly remainingUsd: number;
  /** Whether more than the limit is spent. */
  readonly exceeded: boolean;
  /** Executions of the period of which the cost is unknown. */
  readonly unknownCosts: number;
  /** ISO 8601, half-open; of a budget per execution, today. */
  readonly period: { readonly since: string | null; readonly until: string | null };
  /** What will have been spent at the end of the period; `null` when too little is known. */
  readonly projectedUsd: number | null;
  /** The day on which the limit was or will be reached; `null` when that is not in this period, or unknown. */
  readonly reachedOn: string | null;
  /** How the projection was computed, as a sentence; or why it was not. */
  readonly basis: string;
}

/** What {@link budgetReport} answers; ready for JSON. */
export interface BudgetReport {
  readonly schema: "runledger.budget/1";
  /** The ledger's location. */
  readonly ledger: string;
  /** ISO 8601. */
  readonly generatedAt: string;
  /** In the order of the budgets; the values of each, those that spent most first. */
  readonly budgets: readonly BudgetReportEntry[];
}

/**
 * Where each budget stands, by the ledger: a file, or PostgreSQL with all ledgers that are forwarded there.
 *
 * @param options `undefined`: no budgets.
 * @param mostValues Of a budget with `each`, at most so many values: those that spent most. Default: all.
 * @throws {RunledgerError} `INVALID_OPTION`, `STORE_FAILED`
 */
export async function budgetReport(
  ledger: Ledger,
  options: BudgetOptions | undefined,
  mostValues: number = Number.POSITIVE_INFINITY,
): Promise<BudgetReport> {
  // Loaded on use: an application that only asks and reserves needs no reports.
  const { makeBudgetReport } = await import("./make-budget-report");
  return makeBudgetReport(ledger, options, mostValues);
}
