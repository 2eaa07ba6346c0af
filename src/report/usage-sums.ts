import { expressionBuilder } from "kysely";
import type { LABEL_SUMS as LABEL_SUM_COLUMNS, LedgerSchema, USAGE_SUMS } from "../ledger/schema";
import { type Condition, HAS_FAILED } from "./conditions";
import { total } from "./database/dialect";
import type { UsageSums } from "./usage-tally";

const usage = expressionBuilder<LedgerSchema, "usage_daily">();

/** What rows of `usage_daily` add up to; and rows of `executionUsage`, which has the same columns. */
export const SUMS = {
  executions: sum("executions"),
  failures: sum("executions", HAS_FAILED),
  inputTokens: sum("input_tokens"),
  outputTokens: sum("output_tokens"),
  cacheReadTokens: sum("cache_read_tokens"),
  cacheCreationTokens: sum("cache_creation_tokens"),
  numTurns: sum("num_turns"),
  costUsd: sum("cost_usd"),
  failedCostUsd: sum("cost_usd", HAS_FAILED),
  usedIn: sum("used_in"),
  usedWithoutUsage: sum("used_without_usage"),
  usedWithoutCost: sum("used_without_cost"),
  estimatedCostUsd: sum("estimated_cost_usd"),
  withoutCost: sum("without_cost"),
  withoutUsage: sum("without_usage"),
  withoutDuration: sum("without_duration"),
  withoutTurns: sum("without_turns"),
  durationMs: sum("duration_ms"),
} as const satisfies Sums;

const labels = expressionBuilder<LedgerSchema, "usage_daily_labels">();
const ofLabels = (column: (typeof LABEL_SUM_COLUMNS)[number]) => total(labels.ref(column));

/** The same for rows of `usage_daily_labels`. */
export const LABEL_SUMS = {
  executions: ofLabels("executions"),
  failures: ofLabels("failures"),
  inputTokens: ofLabels("input_tokens"),
  outputTokens: ofLabels("output_tokens"),
  cacheReadTokens: ofLabels("cache_read_tokens"),
  cacheCreationTokens: ofLabels("cache_creation_tokens"),
  numTurns: ofLabels("num_turns"),
  costUsd: ofLabels("cost_usd"),
  failedCostUsd: ofLabels("failed_cost_usd"),
  // Of all models together.
  usedIn: ofLabels("executions"),
  estimatedCostUsd: ofLabels("estimated_cost_usd"),
  withoutCost: ofLabels("without_cost"),
  withoutUsage: ofLabels("without_usage"),
  withoutDuration: ofLabels("without_duration"),
  withoutTurns: ofLabels("without_turns"),
  durationMs: ofLabels("duration_ms"),
} as const satisfies Sums;

/** Sums to select, under their names: all of them, or only some. */
export function selected(sums: Sums, only: readonly (keyof UsageSums)[] = SUM_NAMES) {
  return only.flatMap((name) => sums[name]?.as(name) ?? []);
}

type Sums = Readonly<Partial<Record<keyof UsageSums, ReturnType<typeof total>>>>;
const SUM_NAMES = Object.keys(SUMS) as readonly (keyof typeof SUMS)[];

function sum(column: (typeof USAGE_SUMS)[number], condition?: Condition) {
  return total(usage.ref(column), condition);
}
