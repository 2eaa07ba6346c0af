import type { SummaryKey, SummaryReport } from "../summary-report";
import type { UsageGroup, UsageReport } from "../types";

/** A report as `runledger report --json` prints it. */
export interface ReportJson extends UsageReport {
  /** Of a report that was asked for without keys: its groups, beside those by day, by other keys. */
  readonly furtherGroups?: Readonly<Record<Exclude<SummaryKey, "day">, readonly UsageGroup[]>>;
}

/** A summary in the form of a report by day, so that whoever reads JSON knows one form. */
export function toReportJson({ groups, notes, ...head }: SummaryReport): ReportJson {
  const { day, ...furtherGroups } = groups;
  const { totals, ...rest } = head;
  return { ...rest, by: ["day"], totals, groups: day, furtherGroups, notes };
}

/** One JSON object, indented by two. */
export function formatJson(value: object): string {
  return `${escapeControls(JSON.stringify(value, undefined, 2))}\n`;
}

/** One JSON object, in one line. */
export function formatJsonLine(value: object): string {
  return `${escapeControls(JSON.stringify(value))}\n`;
}

/** JSON doesn't escape these control characters, and a terminal may act on them. */
function escapeControls(json: string): string {
  return json.replace(/[\u007F-\u009F]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}
