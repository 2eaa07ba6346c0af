import type { SummaryKey } from "../summary-report";
import type { Usage } from "../types";
import {
  cost,
  headerOf,
  keyColumns,
  UNKNOWN,
  USAGE_COLUMNS,
  type UsageColumnName,
  type UsageRow,
  usageRows,
} from "./columns";
import { sampleOf } from "./facts";
import type { GroupTable, SortKey } from "./groups";
import type { TableColumn } from "./table";
import { formatShare } from "./values";

/**
 * Names of columns, and the order in which they are left out of a table that is too wide: the highest first, 0 never.
 */
type Layout = readonly (readonly [name: UsageColumnName | "share", omission: number])[];

const SUMMARY_LAYOUTS: Readonly<Record<SummaryKey, Layout>> = {
  day: [
    ["executions", 0],
    ["failures", 0],
    ["tokens", 2],
    ["cost", 0],
  ],
  repo: [
    ["executions", 0],
    ["failures", 0],
    ["failureRate", 4],
    ["tokens", 3],
    ["costEach", 5],
    ["cost", 0],
    ["share", 2],
  ],
  model: [
    ["executions", 0],
    ["usedIn", 1],
    ["failures", 0],
    ["failureRate", 4],
    ["tokens", 3],
    ["cacheHits", 6],
    ["costEach", 5],
    ["cost", 0],
    ["share", 2],
  ],
  eventType: [
    ["executions", 0],
    ["failures", 0],
    ["failureRate", 5],
    ["cost", 0],
    ["average", 2],
    ["p50", 4],
    ["p95", 2],
    ["p99", 3],
  ],
};

const GROUPS_LAYOUT: Layout = [
  ["executions", 0],
  ["usedIn", 1],
  ["failures", 0],
  ["failureRate", 8],
  ["turns", 12],
  ["tokens", 2],
  ["input", 9],
  ["output", 9],
  ["cacheRead", 10],
  ["cacheWrite", 10],
  ["cacheHits", 7],
  ["costEach", 6],
  ["cost", 0],
  ["share", 3],
  ["average", 4],
  ["p50", 11],
  ["p95", 5],
  ["p99", 11],
];

/** For the columns that rows are sorted by: they are left out after all others. */
const SORTED_BY = 1;
/** Added for a column that is mostly empty, so that it is left out first. */
const SAYS_LITTLE = 100;

/** The columns that show the sort key. */
export const SORTED_COLUMNS = {
  cost: ["cost"],
  executions: ["executions"],
  failures: ["failures", "failureRate"],
  "failure-rate": ["failures", "failureRate"],
  tokens: ["tokens"],
  input: ["input"],
  output: ["output"],
  "cache-read": ["cacheRead"],
  "cache-write": ["cacheWrite"],
  duration: ["average"],
  p95: ["p95"],
  name: [],
} as const satisfies Record<SortKey, readonly UsageColumnName[]>;

/** The heading of a summary's table. */
export function summaryTitle(key: SummaryKey, totals: Usage): string {
  const sample = key === "eventType" ? sampleOf(totals) : undefined;
  return `By ${headerOf(key)}${sample === undefined ? "" : ` (percentiles: ${sample})`}`;
}

/** The columns of a summary's table. */
export function summaryColumns(
  key: SummaryKey,
  table: GroupTable,
  totals: Usage,
): readonly TableColumn<UsageRow>[] {
  return columnsOf(table, SUMMARY_LAYOUTS[key], totals);
}

/** The columns of the table of a report by some keys. */
export function groupColumns(table: GroupTable, totals: Usage): readonly TableColumn<UsageRow>[] {
  return columnsOf(table, GROUPS_LAYOUT, totals);
}

function columnsOf(table: GroupTable, layout: Layout, totals: Usage): readonly TableColumn<UsageRow>[] {
  const rows = usageRows(table);
  const sortedBy: readonly UsageColumnName[] = table.sort === undefined ? [] : SORTED_COLUMNS[table.sort];
  const missing = sortedBy.filter((name) => layout.every(([present]) => present !== name));
  const isTold = (name: Layout[number][0]) => {
    if (name === "share") return totals.costUsd > 0;
    return name !== "usedIn" || rows.some(({ usage }) => isUsedBeside(usage));
  };
  const told = layout.filter(([name]) => isTold(name));
  const columns = [...told, ...missing.map((name) => [name, SORTED_BY] as const)].map(([name, omission]) => {
    const column = name === "share" ? costShare(totals) : USAGE_COLUMNS[name](rows);
    return {
      ...column,
      omission: sortedBy.some((sorted) => sorted === name)
        ? Math.min(omission, SORTED_BY)
        : omissionOf(column, omission, rows),
    };
  });
  return [...keyColumns(table.by), ...columns];
}

/** Whether a model was used in executions whose main model is another. */
function isUsedBeside({ executions, usedIn = executions }: Usage): boolean {
  return usedIn !== executions;
}

/**
 * A column that is empty in most rows is left out first; a column that is otherwise never left out, only if all its
 * cells are empty.
 */
function omissionOf({ text }: TableColumn<UsageRow>, omission: number, rows: readonly UsageRow[]): number {
  const empty = rows.filter((row) => text(row) === UNKNOWN).length;
  const saysLittle = empty > 0 && (omission === 0 ? empty === rows.length : empty > rows.length / 2);
  return saysLittle ? omission + SAYS_LITTLE : omission;
}

/** The share of all spending. */
function costShare({ costUsd: whole }: Usage): TableColumn<UsageRow> {
  return {
    header: "share",
    text: ({ usage }) => cost(usage, usage.costUsd / whole, formatShare),
    align: "right",
  };
}
