import type { Usage } from "../types";
import { type CsvValue, formatCsv } from "./csv";
import type { GroupTable } from "./groups";

/** The numbers of a group, in CSV's order; JSON has the same. */
export const USAGE_FIELDS = [
  "executions",
  "failures",
  "failureRate",
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheCreationTokens",
  "cacheHitShare",
  "numTurns",
  "costUsd",
  "estimatedCostUsd",
  "failedCostUsd",
  "failedCostShare",
  "costPerSuccessUsd",
  "costPerExecutionUsd",
  "withoutCost",
  "withoutUsage",
  "withoutDuration",
  "withoutTurns",
  "durationMs",
  "averageDurationMs",
  "p50DurationMs",
  "p95DurationMs",
  "p99DurationMs",
  "durationSample",
] as const satisfies readonly (keyof Usage)[];

/** The groups of a report as one CSV table: their keys, then their numbers, named as in JSON. */
export function formatUsageCsv({ by, groups }: GroupTable): string {
  const fields = by.includes("model") ? [...USAGE_FIELDS, "usedIn" as const] : USAGE_FIELDS;
  const rows = groups.map((group): CsvValue[] => [
    ...by.map((key) => group[key] ?? null),
    ...fields.map((field) => group[field] ?? null),
  ]);
  return formatCsv([[...by, ...fields], ...rows]);
}
