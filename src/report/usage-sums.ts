import { expressionBuilder } from "kysely";
import type { LedgerSchema, USAGE_SUMS } from "../ledger/schema";
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

function sum(column: (typeof USAGE_SUMS)[number], condition?: Condition) {
  return total(usage.ref(column), condition);
}
