import type { Forecast } from "../forecast";
import type { NamePattern, UsageReport } from "../types";
import { headerOf } from "./columns";
import { formatPeriod } from "./period";

/** What a report has above and below its tables. */
export interface ReportHead extends Omit<UsageReport, "by" | "groups" | "subtotals"> {
  /** Only with `--forecast`. */
  readonly forecast?: Forecast | undefined;
}

/** What a report is about, as text that is not escaped yet. */
export interface Heading {
  readonly title: string;
  /** The ledger, and what its executions were filtered by. */
  readonly details: readonly string[];
}

/** What a report is about. */
export function headingOf({ filter, ledger }: ReportHead): Heading {
  const said = (name: string, value: NamePattern) => `${name} ${[value].flat().join(" or ")}`;
  const filters = FILTERED.flatMap(([field, key]) => {
    const value = filter[field];
    return value === null ? [] : [said(headerOf(key), value)];
  });
  const labels = Object.entries(filter.labels ?? {}).map(([label, value]) => said(label, value));
  const failed = filter.failedOnly ? ["failed"] : [];
  return {
    title: `Runledger report, ${formatPeriod(filter)}`,
    details: [ledger, ...filters, ...labels, ...failed],
  };
}

/** The fields of a filter, and their names in text. */
const FILTERED = [
  ["repo", "repo"],
  ["model", "model"],
  ["provider", "provider"],
  ["eventType", "eventType"],
  ["conclusion", "conclusion"],
  ["pullRequest", "pr"],
  ["session", "session"],
  ["ledger", "ledger"],
] as const;
