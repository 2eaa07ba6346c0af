import { type RawBuilder, sql } from "kysely";
import { USAGE_SUMS } from "../ledger/schema";

type Sum = (typeof USAGE_SUMS)[number];

/** The UTC day of an execution. */
export const EXECUTIONS_DAY = sql<string>`to_char(created_at at time zone 'UTC', 'YYYY-MM-DD')`.as("day");
/** What `executionUsage` adds up to, in the order of {@link USAGE_SUMS}. */
export const EXECUTIONS_SUMS = USAGE_SUMS.map((sum) => totalOf(sum).as(sum));

/** In PostgreSQL a sum of bigints is numeric. */
function totalOf(sum: Sum): RawBuilder<number> {
  const isFraction = sum === "cost_usd" || sum === "estimated_cost_usd";
  return sql<number>`sum(${sql.ref(sum)})::${sql.raw(isFraction ? "double precision" : "bigint")}`;
}
