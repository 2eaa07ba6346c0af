import type { TelemetryStats } from "runledger";

/** What became of the events of one run. */
export function formatOutcome(dbPath: string, stats: TelemetryStats): string {
  const missing = notStored(stats);
  const counts = [
    `${stats.received} received: ${stats.written} written, ${stats.duplicates} duplicates, ${stats.rejected} rejected`,
    ...(missing > 0 ? [`, ${missing} not stored`] : []),
  ].join("");
  const hint =
    stats.rejected > 0 ? `runledger incidents --db ${dbPath} says what was rejected, and why.\n` : "";
  const failure = missing > 0 ? `The ledger could not be written: ${stats.lastError}\n` : "";
  return `${counts}\n${hint}${failure}`;
}

/** Events that did not reach the ledger through no fault of theirs, such as when the disk is full. */
export function notStored({ received, written, duplicates, rejected }: TelemetryStats): number {
  return received - written - duplicates - rejected;
}

/** What was not run because the budget was spent; nothing if all was run. */
export function formatRefused(budgetUsd: number | undefined, repos: readonly string[]): string {
  if (repos.length === 0) return "";
  const runs = repos.length === 1 ? "1 run" : `${repos.length} runs`;
  return `The budget of ${budgetUsd} USD a day is spent: ${runs} refused, in ${[...new Set(repos)].join(", ")}.\n`;
}
