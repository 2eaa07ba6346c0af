import { expressionBuilder } from "kysely";
import type { ExecutionsTable, LedgerSchema, USAGE_SUMS } from "../ledger/schema";
import { type Condition, HAS_FAILED } from "./conditions";
import { total } from "./database/dialect";

const execution = expressionBuilder<LedgerSchema, "executions">();
const daily = expressionBuilder<LedgerSchema, "usage_daily">();

/** What rows of `usage_daily` add up to. */
export const SUMS_OF_DAYS = [
  sumOfDays("executions").as("executions"),
  sumOfDays("executions", HAS_FAILED).as("failures"),
  sumOfDays("input_tokens").as("inputTokens"),
  sumOfDays("output_tokens").as("outputTokens"),
  sumOfDays("cache_read_tokens").as("cacheReadTokens"),
  sumOfDays("cache_creation_tokens").as("cacheCreationTokens"),
  sumOfDays("num_turns").as("numTurns"),
  sumOfDays("cost_usd").as("costUsd"),
  sumOfDays("estimated_cost_usd").as("estimatedCostUsd"),
  sumOfDays("without_cost").as("withoutCost"),
  sumOfDays("without_usage").as("withoutUsage"),
  sumOfDays("without_duration").as("withoutDuration"),
  sumOfDays("without_turns").as("withoutTurns"),
  sumOfDays("duration_ms").as("durationMs"),
];

// A number beside "unknown" is of a row that an older program inserted and that was not adopted yet: it is known.
const HAS_NO_COST = execution.and([execution("cost_source", "=", "unknown"), execution("cost_usd", "=", 0)]);
const HAS_NO_USAGE = execution.and([
  execution("usage_source", "=", "unknown"),
  execution("input_tokens", "=", 0),
  execution("output_tokens", "=", 0),
  execution("cache_read_tokens", "=", 0),
  execution("cache_creation_tokens", "=", 0),
]);

/** What rows of `executions` add up to, the same as the sums of their days. */
export const SUMS_OF_EXECUTIONS = [
  count().as("executions"),
  count(HAS_FAILED).as("failures"),
  sum("input_tokens").as("inputTokens"),
  sum("output_tokens").as("outputTokens"),
  sum("cache_read_tokens").as("cacheReadTokens"),
  sum("cache_creation_tokens").as("cacheCreationTokens"),
  sum("num_turns").as("numTurns"),
  sum("cost_usd").as("costUsd"),
  sum("cost_usd", execution("cost_source", "=", "estimated")).as("estimatedCostUsd"),
  count(HAS_NO_COST).as("withoutCost"),
  count(HAS_NO_USAGE).as("withoutUsage"),
  count(execution("duration_ms", "=", 0)).as("withoutDuration"),
  count(execution("num_turns", "is", null)).as("withoutTurns"),
  sum("duration_ms").as("durationMs"),
];

function sumOfDays(column: (typeof USAGE_SUMS)[number], condition?: Condition) {
  return total(daily.ref(column), condition);
}

function sum(column: (typeof USAGE_SUMS)[number] & keyof ExecutionsTable, condition?: Condition) {
  return total(execution.ref(column), condition);
}

function count(condition?: Condition) {
  const all = execution.fn.countAll<number>();
  return condition === undefined ? all : all.filterWhere(condition);
}
