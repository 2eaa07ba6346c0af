import type { ReportHead } from "../../src/report/format/head";
import type { Usage } from "../../src/report/types";

/** What ten executions used, with overrides. */
export function usageOf(overrides: Partial<Usage> = {}): Usage {
  return {
    executions: 10,
    failures: 1,
    failureRate: 0.1,
    inputTokens: 12_000,
    outputTokens: 3_400,
    cacheReadTokens: 150_000,
    cacheCreationTokens: 9_000,
    cacheHitShare: 150 / 171,
    numTurns: 30,
    costUsd: 0.412,
    estimatedCostUsd: 0,
    failedCostUsd: 0.103,
    failedCostShare: 0.25,
    costPerSuccessUsd: 0.0458,
    costPerExecutionUsd: 0.0412,
    withoutCost: 0,
    withoutUsage: 0,
    withoutDuration: 0,
    withoutTurns: 0,
    durationMs: 84_500,
    averageDurationMs: 8_450,
    p50DurationMs: 8_000,
    p95DurationMs: 21_000,
    p99DurationMs: 65_000,
    durationSample: 10,
    ...overrides,
  };
}

/** What a report of some executions begins with, with overrides. */
export function reportHead(overrides: Partial<ReportHead> = {}): ReportHead {
  return {
    schema: "runledger.report/1",
    ledger: "./data/telemetry.db",
    generatedAt: "2026-10-29T12:00:00.000Z",
    filter: {
      since: "2026-09-29T00:00:00.000Z",
      until: null,
      repo: null,
      model: null,
      provider: null,
      eventType: null,
      conclusion: null,
      labels: null,
      pullRequest: null,
      session: null,
      ledger: null,
      failedOnly: false,
      timeZone: "UTC",
    },
    exact: false,
    purgedBefore: null,
    totals: usageOf(),
    notes: [],
    ...overrides,
  };
}
