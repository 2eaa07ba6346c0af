import { SUMMARY_KEYS, type SummaryKey } from "../summary-report";
import { formatBar } from "./bar";
import { type UsageRow, usageRows } from "./columns";
import { caveatsOf, type Fact, factsOf, forecastFact } from "./facts";
import type { GroupTable } from "./groups";
import { headingOf, type ReportHead } from "./head";
import { groupColumns, summaryColumns, summaryTitle } from "./layouts";
import { type PivotTable, pivotColumns } from "./pivot";
import { formatTable, layOutTable, type TableColumn } from "./table";
import { formatCount, printable } from "./values";

/** How text is fitted to its place, and coloured. */
export interface TextOptions {
  /** The available width. */
  readonly columns: number;
  readonly styles: Readonly<Record<"bad" | "faint" | "strong" | "warning", (text: string) => string>>;
}

/** The tables of a summary. */
export type SummaryTables = Readonly<Record<SummaryKey, GroupTable>>;

/** A summary as text: the totals with remarks, and a table for each key. */
export function formatSummaryText(report: ReportHead, tables: SummaryTables, options: TextOptions): string {
  return joinParts([
    formatHead(report, options),
    formatFacts([...factsOf(report.totals), ...forecastIn(report)], options),
    ...SUMMARY_KEYS.map((key) => formatSummaryTable(key, tables[key], report, options)),
    formatNotes(report, options),
  ]);
}

/** A report by some keys as text: one table, and its totals. */
export function formatGroupsText(report: ReportHead, table: GroupTable, options: TextOptions): string {
  return joinParts([
    formatHead(report, options),
    report.forecast === undefined ? "" : formatFacts(forecastIn(report), options),
    formatGroupsTable(table, report, options),
    formatNotes(report, options),
  ]);
}

/** A report by two keys as text, with the values of the second as columns. */
export function formatPivotText(report: ReportHead, table: PivotTable, options: TextOptions): string {
  const { columns: width, styles } = options;
  const { total, rows } = table;
  const { head, rule, format, omitted } = layOutTable(pivotColumns(table), [...rows, total], width);
  const remarks = [
    joinWrapped(caveatsOf(report.totals), width),
    joinWrapped(omissionOf(omitted, "--csv has all").split(" "), width, 0, " "),
  ];
  const lines = remarks.filter((remark) => remark !== "").map((remark) => `${styles.faint(remark)}\n`);
  return joinParts([
    formatHead(report, options),
    head + format(rows) + rule + format([total]) + lines.join(""),
    formatNotes(report, options),
  ]);
}

/** If more columns than this are left out, only their number is shown. */
const MOST_NAMED = 5;

function omissionOf(omitted: readonly string[], remedy: string): string {
  if (omitted.length === 0) return "";
  const named = omitted.map(printable).join(", ");
  return `No room for ${omitted.length > MOST_NAMED ? `${formatCount(omitted.length)} columns` : named}: ${remedy}.`;
}

function forecastIn({ forecast }: ReportHead): readonly Fact[] {
  return forecast === undefined ? [] : [forecastFact(forecast)];
}

function formatHead(report: ReportHead, { columns, styles }: TextOptions): string {
  const { title, details } = headingOf(report);
  return `${styles.strong(title)}\n${styles.faint(joinWrapped(details.map(printable), columns))}\n`;
}

function formatFacts(facts: readonly Fact[], { columns, styles }: TextOptions): string {
  const labelWidth = Math.max(...facts.map(({ label }) => label.length)) + 2;
  const valueWidth = Math.max(...facts.map(({ value }) => value.length));
  const lines = facts.map(({ label, value, details }) => {
    const rest = joinWrapped(details, columns, labelWidth + valueWidth + 2);
    return `${label.padEnd(labelWidth)}${styles.strong(value.padStart(valueWidth))}  ${rest}\n`;
  });
  return lines.join("");
}

function formatSummaryTable(
  key: SummaryKey,
  table: GroupTable,
  { totals }: ReportHead,
  { columns: width, styles }: TextOptions,
): string {
  const columns = withFailuresMarked(summaryColumns(key, table, totals), styles.bad);
  const rows = usageRows(table);
  const shown = key === "day" ? [...columns, costBars(table, width - widthOf(columns, rows))] : columns;
  return `${styles.strong(summaryTitle(key, totals))}\n${formatTable(shown, rows, width)}`;
}

function formatGroupsTable(
  table: GroupTable,
  { totals }: ReportHead,
  { columns: width, styles }: TextOptions,
): string {
  const rows = usageRows(table);
  const total: UsageRow = { names: ["total"], usage: totals };
  const columns = withFailuresMarked(groupColumns(table, totals), styles.bad);
  const { head, rule, format, omitted } = layOutTable(columns, [...rows, total], width);
  const remarks = [
    joinWrapped(caveatsOf(totals), width),
    joinWrapped(omissionOf(omitted, "--json and --csv have all").split(" "), width, 0, " "),
  ];
  const lines = remarks.filter((remark) => remark !== "").map((remark) => `${styles.faint(remark)}\n`);
  return head + format(rows) + rule + format([total]) + lines.join("");
}

/** What a reader should know, one paragraph each. */
export function formatNotes(
  { notes, forecast }: Pick<ReportHead, "notes" | "forecast">,
  { columns, styles }: TextOptions,
): string {
  const lines = [...(forecast === undefined ? [] : [`Forecast: ${forecast.basis}`]), ...notes].map((note) =>
    joinWrapped(printable(note).split(" "), columns, 0, " "),
  );
  return lines.map((line) => `${styles.warning(line)}\n`).join("");
}

/** The width of columns, including the gaps after them. */
function widthOf(columns: readonly TableColumn<UsageRow>[], rows: readonly UsageRow[]): number {
  return layOutTable(columns, rows, Number.POSITIVE_INFINITY).rule.length + 1;
}

const SHORTEST_BAR = 10;
const LONGEST_BAR = 40;

function costBars({ groups }: GroupTable, room: number): TableColumn<UsageRow> {
  const length = Math.min(LONGEST_BAR, Math.max(SHORTEST_BAR, room));
  const highest = Math.max(...groups.map(({ costUsd }) => costUsd));
  return {
    header: "",
    text: ({ usage }) => (usage.costUsd <= highest ? formatBar(usage.costUsd / highest, length) : ""),
    omission: 3,
  };
}

function withFailuresMarked(
  columns: readonly TableColumn<UsageRow>[],
  mark: (text: string) => string,
): readonly TableColumn<UsageRow>[] {
  return columns.map((column) =>
    column.header === "failed"
      ? { ...column, style: (cell, { usage }) => (usage.failures > 0 ? mark(cell) : cell) }
      : column,
  );
}

/** Packs parts into lines that begin at `indent` and are no wider than `width`, unless a single part is. */
function joinWrapped(parts: readonly string[], width: number, indent = 0, separator = " · "): string {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const joined = `${last}${separator}${part}`;
    if (last !== undefined && indent + Bun.stringWidth(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(part);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}
