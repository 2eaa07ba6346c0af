import type { SummaryKey } from "../summary-report";
import type { Usage } from "../types";
import { KEY_HEADERS, keyColumns, USAGE_COLUMNS, type UsageColumnName, type UsageRow } from "./columns";
import { sampleOf } from "./facts";
import type { GroupTable } from "./groups";
import type { TableColumn } from "./table";
import { formatShare } from "./values";

/** Names of columns, and the order in which they go when a table is too wide: the highest first, 0 never. */
type Layout = readonly (readonly [name: UsageColumnName, omission: number])[];

const SUMMARY_LAYOUTS: Readonly<Record<SummaryKey, Layout>> = {
  day: [
    ["executions", 0],
    ["failures", 0],
    ["tokens", 1],
    ["cost", 0],
  ],
  repo: [
    ["executions", 0],
    ["failures", 0],
    ["failureRate", 3],
    ["tokens", 2],
    ["costEach", 4],
    ["cost", 0],
  ],
  model: [
    ["executions", 0],
    ["failures", 0],
    ["failureRate", 3],
    ["tokens", 2],
    ["cacheHits", 5],
    ["costEach", 4],
    ["cost", 0],
  ],
  eventType: [
    ["executions", 0],
    ["failures", 0],
    ["failureRate", 4],
    ["cost", 0],
    ["average", 1],
    ["p50", 3],
    ["p95", 1],
    ["p99", 2],
  ],
};

const GROUPS_LAYOUT: Layout = [
  ["executions", 0],
  ["failures", 0],
  ["failureRate", 6],
  ["turns", 10],
  ["tokens", 1],
  ["input", 7],
  ["output", 7],
  ["cacheRead", 8],
  ["cacheWrite", 8],
  ["cacheHits", 5],
  ["costEach", 4],
  ["cost", 0],
  ["average", 2],
  ["p50", 9],
  ["p95", 3],
  ["p99", 9],
];

/** The heading of a summary's table. */
export function summaryTitle(key: SummaryKey, totals: Usage): string {
  const sample = key === "eventType" ? sampleOf(totals) : undefined;
  return `By ${KEY_HEADERS[key]}${sample === undefined ? "" : ` (percentiles: ${sample})`}`;
}

/** The columns of a summary's table. */
export function summaryColumns(
  key: SummaryKey,
  table: GroupTable,
  totals: Usage,
): readonly TableColumn<UsageRow>[] {
  const columns = [...keyColumns(table.by), ...laidOut(SUMMARY_LAYOUTS[key])];
  return key === "repo" || key === "model" ? [...columns, costShare(totals)] : columns;
}

/** The columns of the table of a report by some keys. */
export function groupColumns(table: GroupTable): readonly TableColumn<UsageRow>[] {
  return [...keyColumns(table.by), ...laidOut(GROUPS_LAYOUT)];
}

function laidOut(layout: Layout): readonly TableColumn<UsageRow>[] {
  return layout.map(([name, omission]) => ({ ...USAGE_COLUMNS[name], omission }));
}

function costShare({ costUsd: whole }: Usage): TableColumn<UsageRow> {
  return {
    header: "share",
    text: ({ usage }) => (whole === 0 ? "" : formatShare(usage.costUsd / whole)),
    align: "right",
    omission: 1,
  };
}
