import { answer } from "./answer";
import type { Ledger } from "./database/ledger";
import { resolveTime } from "./time-input";
import { dayBefore, dayIn, endOfDay, UTC, zoneNamed } from "./time-zone";
import type { ExecutionFilter, UsageGroup, UsageReport } from "./types";

/** What {@link summaryReport} groups by, one table each. */
export const SUMMARY_KEYS = ["day", "repo", "model", "eventType"] as const;
export type SummaryKey = (typeof SUMMARY_KEYS)[number];

/** How many whole days before today a summary covers if its filter has no time. */
export const SUMMARY_DAYS = 30;

/** The question of {@link summaryReport}. */
export interface SummaryFilter extends ExecutionFilter {
  /** Percentiles over all matching executions instead of the latest {@link PERCENTILE_SAMPLE}. */
  readonly exact?: boolean | undefined;
}

/** A usage report with four groupings at once, from the same snapshot of the ledger. */
export interface SummaryReport extends Omit<UsageReport, "by" | "groups" | "subtotals"> {
  readonly groups: Readonly<Record<SummaryKey, readonly UsageGroup[]>>;
}

/**
 * What executions used, by day, by repository, by model and by event type: a {@link usageReport} for each, in one go.
 * Without `since` and `until`: since midnight {@link SUMMARY_DAYS} days ago. Without `until`: until the end of today.
 * Otherwise one execution dated years ahead would make it a summary of all those years; a note counts later executions.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`
 */
export async function summaryReport(ledger: Ledger, filter: SummaryFilter = {}): Promise<SummaryReport> {
  const { exact = false, ...executions } = filter;
  const groupings = SUMMARY_KEYS.map((key) => [key]);
  const { about, totals, notes, groups } = await answer(ledger, recent(executions), { groupings, exact });
  const tables = Object.fromEntries(SUMMARY_KEYS.map((key, index) => [key, groups[index] ?? []]));
  return { ...about, totals, groups: tables as SummaryReport["groups"], notes };
}

function recent(filter: ExecutionFilter): ExecutionFilter {
  const { since, until } = filter;
  const timeZone = zoneNamed(filter.timeZone ?? UTC);
  // An unknown zone is refused later, where the filter is checked.
  if (until !== undefined || timeZone === undefined) return filter;
  const nowMs = Date.now();
  const endMs = endOfDay(timeZone, nowMs);
  if (since === undefined) {
    return { ...filter, since: dayBefore(dayIn(timeZone, nowMs), SUMMARY_DAYS), until: endMs };
  }
  const sinceMs = resolveTime(since, timeZone, nowMs) ?? Number.POSITIVE_INFINITY;
  return endMs !== undefined && sinceMs < endMs ? { ...filter, until: endMs } : filter;
}
