import { createTelemetryStore } from "../../src/ledger/store";
import { DAY_MS } from "../../src/record/time";
import type { TelemetryRecord } from "../../src/record/types";

/** When the questions in docs/questions.md are asked: a Thursday. */
export const ASKED_AT = Date.parse("2026-10-29T12:00:00Z");

const FIRST_DAY = Date.parse("2026-08-17T00:00:00Z");
const DAYS_A_WEEK = 7;
const WEEKEND = [5, 6];
/** On this day, an agent ran in a loop. */
const UNUSUAL_DAY = Date.parse("2026-10-14T00:00:00Z");
/** Since this day, a third of the reviews use a model that costs more. */
const NEW_MODEL_FROM = Date.parse("2026-10-19T00:00:00Z");

/** Makes the ledger for docs/questions.md: ten weeks of reviews and mentions, by two teams. */
export function makeQuestionsLedger(dbPath: string): void {
  using store = createTelemetryStore({ dbPath });
  const records: TelemetryRecord[] = [];
  for (let dayMs = FIRST_DAY; dayMs < ASKED_AT; dayMs += DAY_MS) {
    const weekday = Math.round((dayMs - FIRST_DAY) / DAY_MS) % DAYS_A_WEEK;
    const runs = WEEKEND.includes(weekday) ? 2 : 6;
    for (let run = 0; run < (dayMs === UNUSUAL_DAY ? 4 * runs : runs); run += 1) {
      const completedAt = dayMs + (8 + (run % 6)) * (DAY_MS / 24) + run * 60_000;
      if (completedAt < ASKED_AT) records.push(recordOf(records.length + 1, run, completedAt));
    }
  }
  store.recordMany(records);
}

function recordOf(number: number, run: number, completedAt: number): TelemetryRecord {
  const isReview = run % 3 !== 2;
  const isLarge = number % 17 === 0;
  const isOnNewModel = isReview && completedAt >= NEW_MODEL_FROM && number % 3 === 0;
  const costUsd =
    (isReview ? 0.4 : 0.06) * (1 + (number % 5) / 10) * (isLarge ? 4 : 1) * (isOnNewModel ? 2 : 1);
  const common = {
    executionId: `run-${String(number).padStart(4, "0")}`,
    completedAt,
    repo: isReview ? "lighthouse/beacon" : "lighthouse/keeper",
    eventType: isReview ? "pull_request.opened" : "issue_comment.created",
    prNumber: 100 + (number >> 2),
    sessionId: `session-${number >> 3}`,
    conclusion: number % 9 === 0 ? "error_max_turns" : "success",
    durationMs: isReview ? 90_000 + (number % 7) * 12_000 : 8_000,
    numTurns: isReview ? 12 + (number % 7) : 2,
    labels: { team: isReview ? "core" : "support", prompt_version: number % 2 === 0 ? "v3" : "v4" },
  };
  const haiku = "claude-haiku-4-5";
  if (!isLarge) {
    const model = isOnNewModel ? "claude-opus-4-5" : isReview ? "claude-sonnet-4-5" : haiku;
    return { ...common, model, costUsd, inputTokens: 2_000, outputTokens: 1_500, cacheReadTokens: 60_000 };
  }
  return {
    ...common,
    models: [
      { model: "claude-opus-4-5", costUsd: costUsd * 0.75, inputTokens: 9_000, outputTokens: 7_000 },
      { model: haiku, costUsd: costUsd * 0.25, inputTokens: 90_000, outputTokens: 2_000 },
    ],
  };
}
