import { createTelemetryStore } from "../../src/ledger/store";
import { DAY_MS, dayOf, toLedgerTime } from "../../src/record/time";
import type { TelemetryRecord } from "../../src/record/types";

const REPOS = [
  "lighthouse/beacon",
  "lighthouse/keeper",
  "lighthouse/harbour",
  "lighthouse/docs",
  "tidal/gauge",
  "tidal/pilot",
];
const MODELS = [
  { model: "claude-sonnet-4-5", provider: "anthropic", usd: 1 },
  { model: "claude-opus-4-5", provider: "anthropic", usd: 3.4 },
  { model: "claude-haiku-4-5", provider: "anthropic", usd: 0.22 },
  { model: "gpt-5.1", provider: "openai", usd: 0.8 },
  { model: "gpt-5.1-codex", provider: "openai", usd: 1.1 },
  { model: "gemini-3-pro", provider: "google", usd: 0.9 },
  { model: "glm-4.6", provider: "zai", usd: 0.12 },
  { model: "devstral-2", provider: "mistralai", usd: 0.08 },
] as const;
const EVENTS = [
  "pull_request.opened",
  "pull_request.synchronize",
  "issue_comment.created",
  "schedule.nightly",
];
const TEAMS = ["core", "platform", "support"];
const PROMPTS = ["review-v3", "review-v4", "triage-v2"];

/** How many days of executions the ledger has. */
export const DEMO_DAYS = 120;

/**
 * A made-up team's ledger, the same each time for the same `nowMs`: weekdays are busier, one day was unusually costly,
 * and the team started using a new model partway.
 */
export function makeDashboardLedger(dbPath: string, nowMs: number): void {
  const random = seeded(20_261_127);
  const below = (limit: number) => Math.floor(random() * limit);
  const often = <Item>(items: readonly Item[], bias = 2): Item =>
    items[Math.floor(random() ** bias * items.length)] as Item;
  const records: TelemetryRecord[] = [];
  const midnightMs = Date.parse(`${dayOf(toLedgerTime(nowMs))}T00:00Z`);
  for (let ago = DEMO_DAYS; ago >= 0; ago -= 1) {
    const dayMs = midnightMs - ago * DAY_MS;
    const isWeekend = [0, 6].includes(new Date(dayMs).getUTCDay());
    const runs = Math.round((isWeekend ? 9 : 34) * (1 + (DEMO_DAYS - ago) / 160) * (0.8 + random() * 0.4));
    for (let run = 0; run < runs; run += 1) {
      const completedAt = dayMs + Math.floor((6 + random() * 15) * 3_600_000);
      if (completedAt > nowMs) continue;
      const known = ago < 45 ? MODELS : MODELS.filter(({ model }) => model !== "claude-opus-4-5");
      const { model, provider, usd } = often(known, 1.6);
      const repo = often(REPOS);
      const pr = below(60) + 1;
      const size = random() ** 2;
      const isSpike = ago === 17;
      const hasFailed = random() < (model === "glm-4.6" ? 0.2 : 0.07);
      records.push({
        executionId: `demo-${ago}-${run}`,
        completedAt,
        repo,
        prNumber: random() < 0.8 ? pr : null,
        eventType: often(EVENTS),
        model,
        provider,
        conclusion: hasFailed ? often(["failure", "error_max_turns", "timed_out"]) : "success",
        inputTokens: 800 + Math.floor(size * 60_000),
        outputTokens: 200 + Math.floor(size * 9_000),
        cacheReadTokens: Math.floor(size * 700_000 * random()),
        cacheCreationTokens: Math.floor(size * 40_000),
        costUsd: random() < 0.03 ? null : round((0.02 + size * 1.6) * usd * (isSpike ? 7 : 1)),
        costSource: provider === "zai" ? "estimated" : "reported",
        durationMs: 4_000 + Math.floor(size * 240_000 + random() * 20_000),
        numTurns: 1 + Math.floor(size * 40),
        sessionId: `session-${repo}-${pr}`,
        stopReason: "end_turn",
        labels: { team: often(TEAMS, 1.3), prompt: often(PROMPTS, 1) },
      });
    }
  }
  using store = createTelemetryStore({ dbPath });
  for (let first = 0; first < records.length; first += 1_000)
    store.recordMany(records.slice(first, first + 1_000));
  store.recordIncident({
    kind: "rejected",
    reason: "Invalid record: model: expected a non-empty string, received nothing.",
    payload: '{"repo":"tidal/gauge","eventType":"schedule.nightly","conclusion":"success"}',
  });
}

function round(usd: number): number {
  return Math.round(usd * 1e4) / 1e4;
}

/** Numbers from 0 to 1, from the generator known as mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
