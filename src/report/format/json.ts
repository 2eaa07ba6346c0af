import type { Forecast } from "../forecast";
import { SUMMARY_KEYS, type SummaryKey, type SummaryReport } from "../summary-report";
import type { UsageGroup, UsageReport } from "../types";
import { type ArrangeOptions, arrangeGroups } from "./groups";

/** A report, as `runledger report --json` prints it. */
export interface ReportJson extends UsageReport {
  /** For a report without `--by`: the groups by other keys, in addition to those by day. */
  readonly furtherGroups?: Readonly<Record<Exclude<SummaryKey, "day">, readonly UsageGroup[]>>;
  /** Only with `--forecast`. */
  readonly forecast?: Forecast;
}

/** Groups sorted and cut as the options say. */
export function toReportJson<Report extends UsageReport>(
  report: Report,
  { sort, limit }: ArrangeOptions,
): Report {
  const { by, subtotals } = report;
  const { groups } = arrangeGroups(by, report.groups, { sort, limit, subtotals });
  return { ...report, groups };
}

/** A summary in the form of a report by day, so that programs need to know only one form. */
export function toSummaryJson(
  { groups, notes, ...head }: SummaryReport,
  { sort, limit }: ArrangeOptions,
): ReportJson {
  const arranged = (key: SummaryKey) => arrangeGroups([key], groups[key], { sort, limit }).groups;
  const [day, ...others] = SUMMARY_KEYS;
  const furtherGroups = Object.fromEntries(others.map((key) => [key, arranged(key)]));
  const { totals, ...rest } = head;
  return {
    ...rest,
    by: [day],
    totals,
    groups: arranged(day),
    furtherGroups: furtherGroups as NonNullable<ReportJson["furtherGroups"]>,
    notes,
  };
}

/** One JSON object, indented by two spaces. */
export function formatJson(value: object): string {
  return `${escapeControls(JSON.stringify(value, undefined, 2))}\n`;
}

/** One JSON object on one line. */
export function formatJsonLine(value: object): string {
  return `${escapeControls(JSON.stringify(value))}\n`;
}

/** JSON doesn't escape these control characters, and a terminal may act on them. */
function escapeControls(json: string): string {
  return json.replace(/[\u007F-\u009F]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}
