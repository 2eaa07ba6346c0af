import { SUMMARY_KEYS } from "../summary-report";
import { usageRows } from "./columns";
import { caveatsOf, factsOf } from "./facts";
import type { GroupTable } from "./groups";
import { headingOf, type ReportHead } from "./head";
import { groupColumns, summaryColumns, summaryTitle } from "./layouts";
import { type PivotTable, pivotColumns } from "./pivot";
import type { TableColumn } from "./table";
import type { SummaryTables } from "./text";
import { printable } from "./values";

/** A summary as Markdown, for a comment or a wiki. */
export function formatSummaryMarkdown(report: ReportHead, tables: SummaryTables): string {
  const facts = factsOf(report.totals).map(
    ({ label, value, details }) => `| ${label} | ${value} | ${details.map(escapeMarkdown).join(", ")} |\n`,
  );
  const parts = SUMMARY_KEYS.map((key) => {
    const table = tables[key];
    const columns = summaryColumns(key, table, report.totals);
    return `### ${summaryTitle(key, report.totals)}\n\n${formatMarkdownTable(columns, usageRows(table))}`;
  });
  return joinParts([
    formatHead(report),
    `| | | |\n| --- | ---: | --- |\n${facts.join("")}`,
    ...parts,
    formatNotes(report),
  ]);
}

/** A report by some keys as Markdown: one table, its totals in the last row. */
export function formatGroupsMarkdown(report: ReportHead, table: GroupTable): string {
  const rows = [...usageRows(table), { names: ["total"], usage: report.totals }];
  return joinParts([
    formatHead(report),
    formatMarkdownTable(groupColumns(table, report.totals), rows),
    formatRemarks(caveatsOf(report.totals)),
    formatNotes(report),
  ]);
}

/** A report by two keys as Markdown, with the values of the second key as columns. */
export function formatPivotMarkdown(report: ReportHead, table: PivotTable): string {
  return joinParts([
    formatHead(report),
    formatMarkdownTable(pivotColumns(table), [...table.rows, table.total]),
    formatRemarks(caveatsOf(report.totals)),
    formatNotes(report),
  ]);
}

function formatHead(report: ReportHead): string {
  const { title, details } = headingOf(report);
  return `## ${title}\n\n${details.map(escapeMarkdown).join(" · ")}\n`;
}

function formatMarkdownTable<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(({ header }) => escapeMarkdown(header)),
    columns.map(({ align }) => (align === "right" ? "---:" : "---")),
    ...rows.map((row) => columns.map(({ text }) => escapeMarkdown(text(row)))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function formatRemarks(remarks: readonly string[]): string {
  return remarks.length === 0 ? "" : `${remarks.map(escapeMarkdown).join(" · ")}\n`;
}

function formatNotes({ notes }: ReportHead): string {
  return notes.map((note) => `- ${escapeMarkdown(note)}\n`).join("");
}

/** Escapes what would end the cell or be markup. */
function escapeMarkdown(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>|~&#]/g, "\\$&");
}

function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}
