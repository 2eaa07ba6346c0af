import { expressionBuilder, sql } from "kysely";
import { SUMMED_COLUMNS } from "../ledger/schema";
import type { PostgresSchema } from "./schema";

const row = expressionBuilder<PostgresSchema, "executions">();
/** The UTC day of an execution. */
export const EXECUTIONS_DAY = sql<string>`to_char(created_at at time zone 'UTC', 'YYYY-MM-DD')`.as("day");
/** In the order of {@link USAGE_SUMS}. */
export const EXECUTIONS_SUMS = [
  row.fn.countAll<number>().as("executions"),
  ...SUMMED_COLUMNS.map(sumOf),
  row.fn.countAll<number>().filterWhere("usage_source", "=", "unknown").as("without_usage"),
  row.fn.countAll<number>().filterWhere("cost_source", "=", "unknown").as("without_cost"),
  row.fn.countAll<number>().filterWhere("duration_ms", "=", 0).as("without_duration"),
  row.fn.countAll<number>().filterWhere("num_turns", "is", null).as("without_turns"),
  row.fn
    .coalesce(row.fn.sum<number>("cost_usd").filterWhere("cost_source", "=", "estimated"), row.lit(0))
    .as("estimated_cost_usd"),
] as const;

/** In PostgreSQL a sum of bigints is numeric. */
function sumOf(column: (typeof SUMMED_COLUMNS)[number]) {
  // The sum of unknown turns only is null.
  const sum = row.fn.coalesce(row.fn.sum<number>(column), row.lit(0));
  return (column === "cost_usd" ? sum : row.cast<number>(sum, "bigint")).as(column);
}
