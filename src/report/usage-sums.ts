import { expressionBuilder } from "kysely";
import type { LABEL_SUMS as LABEL_SUM_COLUMNS, LedgerSchema, USAGE_SUMS } from "../ledger/schema";
import { type Condition, HAS_FAILED } from "./conditions";
import { total } from "./database/dialect";

const usage = expressionBuilder<LedgerSchema, "usage_daily">();

/** What rows of `usage_daily` add up to; and those of `executionUsage`, which has the same columns. */
export const SUMS = [
  sum("executions").as("executions"),
  sum("executions", HAS_FAILED).as("failures"),
  sum("input_tokens").as("inputTokens"),
  sum("output_tokens").as("outputTokens"),
  sum("cache_read_tokens").as("cacheReadTokens"),
  sum("cache_creation_tokens").as("cacheCreationTokens"),
  sum("num_turns").as("numTurns"),
  sum("cost_usd").as("costUsd"),
  sum("cost_usd", HAS_FAILED).as("failedCostUsd"),
  sum("used_in").as("usedIn"),
  sum("used_without_usage").as("usedWithoutUsage"),
  sum("used_without_cost").as("usedWithoutCost"),
  sum("estimated_cost_usd").as("estimatedCostUsd"),
  sum("without_cost").as("withoutCost"),
  sum("without_usage").as("withoutUsage"),
  sum("without_duration").as("withoutDuration"),
  sum("without_turns").as("withoutTurns"),
  sum("duration_ms").as("durationMs"),
];

const labels = expressionBuilder<LedgerSchema, "usage_daily_labels">();
const ofLabels = (column: (typeof LABEL_SUM_COLUMNS)[number]) => total(labels.ref(column));

/** The same of rows of `usage_daily_labels`. */
export const LABEL_SUMS = [
  ofLabels("executions").as("executions"),
  ofLabels("failures").as("failures"),
  ofLabels("input_tokens").as("inputTokens"),
  ofLabels("output_tokens").as("outputTokens"),
  ofLabels("cache_read_tokens").as("cacheReadTokens"),
  ofLabels("cache_creation_tokens").as("cacheCreationTokens"),
  ofLabels("num_turns").as("numTurns"),
  ofLabels("cost_usd").as("costUsd"),
  ofLabels("failed_cost_usd").as("failedCostUsd"),
  // Of all models together.
  ofLabels("executions").as("usedIn"),
  ofLabels("estimated_cost_usd").as("estimatedCostUsd"),
  ofLabels("without_cost").as("withoutCost"),
  ofLabels("without_usage").as("withoutUsage"),
  ofLabels("without_duration").as("withoutDuration"),
  ofLabels("without_turns").as("withoutTurns"),
  ofLabels("duration_ms").as("durationMs"),
];

function sum(column: (typeof USAGE_SUMS)[number], condition?: Condition) {
  return total(usage.ref(column), condition);
}
