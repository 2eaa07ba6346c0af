import type { TelemetryRecord } from "../src/record/types";

const EVENT_TYPES = ["pull_request.opened", "pull_request.synchronize", "issue_comment.created", "push"];
const MODELS = ["claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5", "gpt-5.1", "gemini-3-pro"];
const CONCLUSIONS = ["success", "failure", "error"];
const STOP_REASONS = ["end_turn", "tool_use", "max_tokens"];

/** Labels, and how many values each has. */
const LABEL_VALUES = { team: 12, feature: 6, user: 200 };

/** How many delivery and session ids are reused in turn: the cost of making ids should not be measured. */
const IDS = 1_024;

/**
 * Records with all sixteen data fields, the same in every process. Repositories are evenly distributed; of the other
 * names, the first ones are more frequent, as in real applications. Each record is made when it is needed, as handlers
 * do: a store of prepared ones would measure how slow memory is that is not in the processor's cache.
 */
export function eventSource(repositories: number, models = 3, labels = 0): () => TelemetryRecord {
  const random = seededRandom(20_251_123);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = (names: readonly string[]) => names[below(names.length)] ?? "";
  const oftenFirst = (names: readonly string[]) => names[Math.floor(random() ** 3 * names.length)] ?? "";
  const repos = Array.from({ length: repositories }, (_, index) => `octo-org/repository-${index}`);
  const modelNames = MODELS.slice(0, models);
  const labelKeys = Object.entries(LABEL_VALUES).slice(0, labels);
  const labelsOfOne = () =>
    Object.fromEntries(labelKeys.map(([key, values]) => [key, `${key}-${below(values)}`]));
  const ids = Array.from({ length: IDS }, () => identity(below));
  return () => ({
    deliveryId: oneOf(ids),
    repo: oneOf(repos),
    prNumber: 1 + below(5_000),
    eventType: oftenFirst(EVENT_TYPES),
    provider: "anthropic",
    model: oftenFirst(modelNames),
    inputTokens: below(60_000),
    outputTokens: below(8_000),
    cacheReadTokens: below(400_000),
    cacheCreationTokens: below(40_000),
    durationMs: below(180_000),
    costUsd: below(2_000_000) / 1e6,
    conclusion: oftenFirst(CONCLUSIONS),
    sessionId: oneOf(ids),
    numTurns: 1 + below(40),
    stopReason: oftenFirst(STOP_REASONS),
    ...(labels > 0 && { labels: labelsOfOne() }),
  });
}

/** In the form of a UUID. */
function identity(below: (limit: number) => number): string {
  const hex = (digits: number) =>
    below(16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`;
}

/** Numbers from 0 to 1, from the generator known as mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
