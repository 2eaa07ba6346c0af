import { arrangeGroups, type GroupTable, withGaps } from "../report/format/groups";
import { formatJson, toReportJson, toSummaryJson } from "../report/format/json";
import { formatGroupsMarkdown, formatPivotMarkdown, formatSummaryMarkdown } from "../report/format/markdown";
import { formatPivotCsv, pivot } from "../report/format/pivot";
import {
  formatGroupsText,
  formatPivotText,
  formatSummaryText,
  type TextOptions,
} from "../report/format/text";
import { formatUsageCsv } from "../report/format/usage-csv";
import { SUMMARY_DAYS, type SummaryKey, type SummaryReport } from "../report/summary-report";
import type { UsageReport } from "../report/types";
import { formatOf, type ReportOptions } from "./report-options";

/** How many rows a table of a text summary has, unless --limit says otherwise. */
const TABLE_ROWS = 10;
/** All days of the default period: whole ones, and today. */
const TABLE_DAYS = SUMMARY_DAYS + 1;

/** A summary in the format that the options select. */
export function formatSummary(report: SummaryReport, options: ReportOptions, text: TextOptions): string {
  const { sort, limit } = options;
  const table = (key: SummaryKey, defaultLimit?: number): GroupTable =>
    arrangeGroups([key], report.groups[key], { sort, limit: limit ?? defaultLimit });
  const tables = () => ({
    day: sort === undefined ? withGaps(table("day", TABLE_DAYS)) : table("day", TABLE_DAYS),
    repo: table("repo", TABLE_ROWS),
    model: table("model", TABLE_ROWS),
    eventType: table("eventType", TABLE_ROWS),
  });
  switch (formatOf(options)) {
    case "json":
      return formatJson(toSummaryJson(report, options));
    case "csv":
      return formatUsageCsv(table("day"));
    case "markdown":
      return formatSummaryMarkdown(report, tables());
    case "text":
      return formatSummaryText(report, tables(), text);
  }
}

/** A report by some keys in the format that the options select. */
export function formatGroups(report: UsageReport, options: ReportOptions, text: TextOptions): string {
  if (options.pivot === true) return formatPivot(report, options, text);
  const table = arrangeGroups(report.by, report.groups, { ...options, subtotals: report.subtotals });
  switch (formatOf(options)) {
    case "json":
      return formatJson(toReportJson(report, options));
    case "csv":
      return formatUsageCsv(table);
    case "markdown":
      return formatGroupsMarkdown(report, table);
    case "text":
      return formatGroupsText(report, table, text);
  }
}

function formatPivot(report: UsageReport, options: ReportOptions, text: TextOptions): string {
  const table = pivot(report, options);
  switch (formatOf(options)) {
    case "csv":
      return formatPivotCsv(table);
    case "markdown":
      return formatPivotMarkdown(report, table);
    default:
      return formatPivotText(report, table, text);
  }
}
