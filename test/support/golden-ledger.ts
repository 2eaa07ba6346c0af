import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";

/** Makes the small ledger for the golden reports. */
export function makeGoldenLedger(dbPath: string): void {
  const store = createTelemetryStore({ dbPath });
  store.recordMany(RECORDS.map((record, index) => ({ executionId: `golden-${index}`, ...record })));
  store.close();
}

const sonnet = { model: "claude-sonnet-4-5", provider: "anthropic" };
const haiku = { model: "claude-haiku-4-5", provider: "anthropic" };
const gpt = { model: "GPT-5 (2025-08-07) (medium reasoning)", provider: "openai" };
const beacon = {
  repo: "lighthouse/beacon",
  eventType: "pull_request.opened",
  labels: { team: "core", prompt_version: "review-v3" },
};
const keeper = {
  repo: "lighthouse/keeper",
  eventType: "issue_comment.created",
  labels: { team: "support" },
};
const long = {
  repo: "an-organization-with-a-long-name/a-repository-whose-name-is-even-longer-than-that",
  eventType: "pull_request_review_comment.created",
};

function tokens(
  inputTokens: number,
  outputTokens: number,
  cacheReadTokens: number,
  cacheCreationTokens: number,
) {
  return { inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens };
}

const RECORDS: readonly TelemetryRecord[] = [
  // The day before the golden reports begin, and the day after they end.
  { ...beacon, ...sonnet, completedAt: "2026-09-30T23:59:59.999Z", conclusion: "success", costUsd: 900 },
  { ...beacon, ...sonnet, completedAt: "2026-10-09T00:00:00.000Z", conclusion: "success", costUsd: 900 },
  {
    ...beacon,
    ...sonnet,
    ...tokens(1_200, 3_400, 150_000, 9_000),
    completedAt: "2026-10-01T08:15:00.000Z",
    conclusion: "success",
    durationMs: 84_500,
    costUsd: 0.1342,
    numTurns: 11,
  },
  {
    ...beacon,
    ...sonnet,
    ...tokens(9_800, 41_000, 2_218_847, 98_000),
    completedAt: "2026-10-01T23:45:00.000Z",
    conclusion: "error_max_turns",
    durationMs: 3_725_000,
    costUsd: 1.6777,
    numTurns: 120,
  },
  {
    ...keeper,
    ...haiku,
    ...tokens(310, 95, 0, 0),
    completedAt: "2026-10-02T10:00:00.000Z",
    conclusion: "success",
    durationMs: 950,
    costUsd: 0.00042,
    numTurns: 1,
  },
  {
    ...keeper,
    ...haiku,
    ...tokens(280, 40, 0, 0),
    completedAt: "2026-10-02T10:05:00.000Z",
    conclusion: "neutral",
    durationMs: 1_250,
    costUsd: 0.00031,
    numTurns: 1,
  },
  {
    ...long,
    ...gpt,
    ...tokens(45_000, 12_500, 30_000, 0),
    completedAt: "2026-10-05T12:00:00.000Z",
    conclusion: "success",
    durationMs: 312_000,
    costUsd: 0.185,
    costSource: "estimated",
    numTurns: 18,
  },
  // Neither a cost nor token counts.
  { ...long, ...gpt, completedAt: "2026-10-05T12:30:00.000Z", conclusion: "failure", durationMs: 4_000 },
  {
    ...sonnet,
    ...tokens(2_000, 900, 20_000, 1_000),
    repo: "日本語/リポジトリ",
    eventType: "push",
    completedAt: "2026-10-07T06:00:00.000Z",
    conclusion: "success",
    durationMs: 21_000,
    costUsd: 0.0293,
    numTurns: 4,
  },
  // Names that an attacker might choose.
  {
    ...haiku,
    ...tokens(100, 10, 0, 0),
    repo: "=👾|'\u001b[2J\n\u202Eoper",
    eventType: "push",
    completedAt: "2026-10-08T23:59:59.999Z",
    conclusion: "skipped",
    durationMs: 500,
    costUsd: 0.95,
    numTurns: 1,
  },
];
