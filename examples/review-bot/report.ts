import type { TelemetryStats } from "runledger";
import type { Summary, Sums } from "./summary";
import { formatTable } from "./table";

/** What became of the events of one run, and what the ledger holds now. */
export function formatReport(dbPath: string, stats: TelemetryStats, summary: Summary): string {
  const hint =
    stats.rejected > 0
      ? `\n${stats.rejected} rejected: "select * from incidents" in ${dbPath} says which, and why.\n`
      : "";
  const failure = notStored(stats) > 0 ? `\nThe ledger could not be written: ${stats.lastError}\n` : "";
  return `${formatCounts(stats)}${hint}${failure}\n${dbPath} now holds\n${formatSummary(summary)}`;
}

/** Events that did not reach the ledger through no fault of theirs, such as when the disk is full. */
export function notStored({ received, written, duplicates, rejected }: TelemetryStats): number {
  return received - written - duplicates - rejected;
}

function formatCounts(stats: TelemetryStats): string {
  const missing = notStored(stats);
  return formatTable([
    ["received", String(stats.received)],
    ["written", String(stats.written)],
    ["duplicates", String(stats.duplicates)],
    ["rejected", String(stats.rejected)],
    ...(missing > 0 ? [["not stored", String(missing)]] : []),
  ]);
}

function formatSummary({ models, total }: Summary): string {
  return formatTable([
    ["model", "executions", "input", "output", "cache read", "cache write", "cost USD"],
    ...models.map((sums) => [sums.model, ...cells(sums)]),
    ["total", ...cells(total)],
  ]).concat(formatUnknown(total));
}

function cells(sums: Sums): string[] {
  return [
    String(sums.executions),
    String(sums.input_tokens),
    String(sums.output_tokens),
    String(sums.cache_read_tokens),
    String(sums.cache_creation_tokens),
    sums.cost_usd.toFixed(4),
  ];
}

/** Unknown is not zero. */
function formatUnknown({ without_usage, without_cost }: Sums): string {
  if (without_usage + without_cost === 0) return "";
  return `\n${without_usage} came without token counts, ${without_cost} without a cost.\n`;
}
