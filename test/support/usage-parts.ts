/** The sums of `usage_daily`, in the order of {@link usageParts}. */
export const SUM_COLUMNS = [
  "executions",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_creation_tokens",
  "duration_ms",
  "num_turns",
  "cost_usd",
  "used_in",
  "used_without_usage",
  "used_without_cost",
  "without_usage",
  "without_cost",
  "without_duration",
  "without_turns",
  "estimated_cost_usd",
] as const;

const flag = (condition: string) => `CASE WHEN ${condition} THEN 1 ELSE 0 END`;
const NO_USAGE = flag("e.usage_source = 'unknown'");
const NO_COST = flag("e.cost_source = 'unknown'");
const NO_TOKENS =
  "coalesce(m.input_tokens, m.output_tokens, m.cache_read_tokens, m.cache_creation_tokens) IS NULL";
const NAMES = "e.created_at, e.repo, e.event_type";

/**
 * SQL for the rows that add up to `usage_daily`, written independently of our own. Executions with one model are taken
 * as they are. Others are split: what is counted once is with the main model, and each model has its own usage.
 *
 * @param joined The columns that join models to their execution.
 * @param more Other columns of the execution.
 */
export function usageParts(joined: readonly string[], more: readonly string[] = []): string {
  const isOf = joined.map((column) => `m.${column} = e.${column}`).join(" AND ");
  const also = more.map((column) => `e.${column}, `).join("");
  const hasModels = `EXISTS (SELECT 1 FROM execution_models AS m WHERE ${isOf})`;
  return `
    SELECT ${also}${NAMES}, e.provider, e.model, e.conclusion, 1 AS executions,
      e.input_tokens, e.output_tokens, e.cache_read_tokens, e.cache_creation_tokens,
      e.duration_ms, coalesce(e.num_turns, 0) AS num_turns, e.cost_usd,
      1 AS used_in, ${NO_USAGE} AS used_without_usage, ${NO_COST} AS used_without_cost,
      ${NO_USAGE} AS without_usage, ${NO_COST} AS without_cost,
      ${flag("e.duration_ms = 0")} AS without_duration, ${flag("e.num_turns IS NULL")} AS without_turns,
      CASE WHEN e.cost_source = 'estimated' THEN e.cost_usd ELSE 0.0 END AS estimated_cost_usd
    FROM executions AS e WHERE NOT ${hasModels}
    UNION ALL
    SELECT ${also}${NAMES}, e.provider, e.model, e.conclusion, 1, 0, 0, 0, 0,
      e.duration_ms, coalesce(e.num_turns, 0), 0.0, 0, 0, 0, ${NO_USAGE}, ${NO_COST},
      ${flag("e.duration_ms = 0")}, ${flag("e.num_turns IS NULL")}, 0.0
    FROM executions AS e WHERE ${hasModels}
    UNION ALL
    SELECT ${also}${NAMES}, m.provider, m.model, e.conclusion, 0,
      coalesce(m.input_tokens, 0), coalesce(m.output_tokens, 0),
      coalesce(m.cache_read_tokens, 0), coalesce(m.cache_creation_tokens, 0),
      0, 0, coalesce(m.cost_usd, 0.0), 1, ${flag(NO_TOKENS)}, ${flag("m.cost_usd IS NULL")}, 0, 0, 0, 0,
      CASE WHEN m.cost_source = 'estimated' THEN m.cost_usd ELSE 0.0 END
    FROM execution_models AS m JOIN executions AS e ON ${isOf}`;
}
