import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";

/** Makes the files that the documentation's command-line examples run on: a ledger, and a file to import. */
export function makeDocsLedger(folder: string): void {
  using store = createTelemetryStore({ dbPath: join(folder, "data", "telemetry.db") });
  store.recordMany(RECORDS);
  const lines = [
    {
      ...sonnet,
      ...beacon,
      executionId: "run-5",
      completedAt: "2026-10-03T08:00:00Z",
      conclusion: "success",
    },
    {
      ...sonnet,
      ...beacon,
      executionId: "run-6",
      completedAt: "2026-10-03T09:00:00Z",
      conclusion: "success",
    },
    { ...beacon, executionId: "run-7", completedAt: "2026-10-03T10:00:00Z", conclusion: "success" },
  ];
  writeFileSync(join(folder, "runs.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

const sonnet = { model: "claude-sonnet-4-5" };
const haiku = { model: "claude-haiku-4-5" };
const beacon = { repo: "lighthouse/beacon", eventType: "pull_request.opened", prNumber: 41 };
const keeper = { repo: "lighthouse/keeper", eventType: "issue_comment.created", prNumber: 7 };

const RECORDS: readonly TelemetryRecord[] = [
  {
    ...sonnet,
    ...beacon,
    completedAt: "2026-10-01T08:15:00Z",
    conclusion: "success",
    costUsd: 0.1342,
    durationMs: 84_500,
  },
  {
    ...sonnet,
    ...beacon,
    completedAt: "2026-10-01T23:45:00Z",
    conclusion: "error_max_turns",
    costUsd: 1.6777,
    durationMs: 3_725_000,
  },
  {
    ...haiku,
    ...keeper,
    completedAt: "2026-10-02T10:00:00Z",
    conclusion: "success",
    costUsd: 0.00042,
    durationMs: 950,
  },
  { ...haiku, ...keeper, completedAt: "2026-10-02T10:05:00Z", conclusion: "failure", durationMs: 4_000 },
];
