import { expressionBuilder, sql } from "kysely";
import type { PostgresSchema } from "./schema";

const row = expressionBuilder<PostgresSchema, "executions">();
/** The UTC day of an execution. */
export const EXECUTIONS_DAY = sql<string>`to_char(created_at at time zone 'UTC', 'YYYY-MM-DD')`.as("day");
/** In the order of {@link USAGE_SUMS}. */
export const EXECUTIONS_SUMS = [
  row.fn.countAll<number>().as("executions"),
  sumOf("input_tokens"),
  sumOf("output_tokens"),
  sumOf("cache_read_tokens"),
  sumOf("cache_creation_tokens"),
  sumOf("duration_ms"),
  sumOf("num_turns"),
  row.fn.sum<number>("cost_usd").as("cost_usd"),
  row.fn.countAll<number>().filterWhere("usage_source", "=", "unknown").as("without_usage"),
  row.fn.countAll<number>().filterWhere("cost_source", "=", "unknown").as("without_cost"),
  row.fn
    .coalesce(row.fn.sum<number>("cost_usd").filterWhere("cost_source", "=", "estimated"), row.lit(0))
    .as("estimated_cost_usd"),
] as const;

/** A sum of bigints is numeric to PostgreSQL. */
function sumOf<Name extends "num_turns" | "duration_ms" | `${string}_tokens`>(
  column: Name & keyof PostgresSchema["executions"],
) {
  return row.cast<number>(row.fn.sum(column), "bigint").as(column);
}
