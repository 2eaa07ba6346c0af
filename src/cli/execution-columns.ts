import type { ExecutionRow } from "../ledger/schema";
import { isFailure } from "../record/failure";
import { UNKNOWN } from "../report/format/columns";
import type { TableColumn } from "../report/format/table";
import { formatCount, formatDuration, usdColumn } from "../report/format/values";
import { minuteIn } from "../report/time-zone";
import type { Styles } from "./style";

/** The columns of the table of executions: times in a time zone, money with the decimals that these rows need. */
export function executionColumns(
  { bad, faint }: Styles,
  timeZone: string,
  rows: readonly ExecutionRow[],
): readonly TableColumn<ExecutionRow>[] {
  const usd = usdColumn(rows.map(({ cost_usd }) => cost_usd));
  return [
    {
      header: `completed (${timeZone})`,
      text: ({ created_at }) => minuteIn(timeZone, created_at),
      style: faint,
    },
    {
      header: "repo",
      text: ({ repo, pr_number }) => repo + (pr_number === null ? "" : `#${pr_number}`),
      canWrap: true,
    },
    { header: "event", text: ({ event_type }) => event_type, canWrap: true, omission: 3 },
    { header: "model", text: ({ model }) => model, canWrap: true, omission: 1 },
    {
      header: "conclusion",
      text: ({ conclusion }) => conclusion,
      canWrap: true,
      style: (cell, { conclusion }) => (isFailure(conclusion) ? bad(cell) : cell),
    },
    { header: "cost USD", text: (row) => costOf(row, usd), align: "right" },
    {
      header: "duration",
      text: ({ duration_ms }) => (duration_ms === 0 ? UNKNOWN : formatDuration(duration_ms)),
      align: "right",
      omission: 2,
    },
    {
      header: "turns",
      text: ({ num_turns }) => (num_turns === null ? UNKNOWN : formatCount(num_turns)),
      align: "right",
      omission: 6,
    },
    { header: "input", text: (row) => tokens(row, row.input_tokens), align: "right", omission: 5 },
    { header: "cached", text: (row) => tokens(row, row.cache_read_tokens), align: "right", omission: 5 },
    { header: "output", text: (row) => tokens(row, row.output_tokens), align: "right", omission: 4 },
    // The id, as `runledger show` accepts it.
    { header: "execution", text: ({ execution_id }) => execution_id ?? "", style: faint, omission: 7 },
  ];
}

/** `~` marks an estimate. */
function costOf({ cost_source, cost_usd }: ExecutionRow, format: (usd: number) => string): string {
  if (cost_source === "unknown") return UNKNOWN;
  return (cost_source === "estimated" ? "~" : "") + format(cost_usd);
}

function tokens({ usage_source }: ExecutionRow, count: number): string {
  return usage_source === "unknown" ? UNKNOWN : formatCount(count);
}
