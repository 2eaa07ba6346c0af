import { type RawBuilder, sql } from "kysely";
import { SUCCESSFUL_CONCLUSIONS } from "../record/failure";
import { builder, onUse } from "./kysely";

/** The name of the view for people's own SQL. */
export const EXECUTIONS_VIEW = "executions_view";

/**
 * The view's columns of an execution: NULL for unknown values, so that SQL's own averages and counts cover only what is
 * known.
 *
 * @param completedAt The time as ISO 8601, as an SQL expression of the database.
 */
export function executionsViewColumns(completedAt: RawBuilder<unknown>) {
  const known = (column: string, source: "usage_source" | "cost_source") => {
    const [value, of] = [sql.ref(column), sql.ref(source)];
    return sql`case when ${of} = 'unknown' and ${value} = 0 then null else ${value} end`.as(column);
  };
  return [
    sql`id`.as("id"),
    sql`execution_id`.as("execution_id"),
    completedAt.as("completed_at"),
    sql`repo`.as("repo"),
    sql`pr_number`.as("pr_number"),
    sql`event_type`.as("event_type"),
    sql`conclusion`.as("conclusion"),
    sql`case when conclusion in (${sql.join(SUCCESSFUL_CONCLUSIONS.map(sql.lit))}) then 0 else 1 end`.as(
      "failed",
    ),
    sql`provider`.as("provider"),
    sql`model`.as("model"),
    known("input_tokens", "usage_source"),
    known("output_tokens", "usage_source"),
    known("cache_read_tokens", "usage_source"),
    known("cache_creation_tokens", "usage_source"),
    known("cost_usd", "cost_source"),
    sql`cost_source`.as("cost_source"),
    sql`nullif(duration_ms, 0)`.as("duration_ms"),
    sql`num_turns`.as("num_turns"),
    sql`stop_reason`.as("stop_reason"),
    sql`session_id`.as("session_id"),
    sql`delivery_id`.as("delivery_id"),
    sql`labels`.as("labels"),
  ];
}

/** Makes the view in a SQLite ledger that has none. */
export const createExecutionsView = onUse(() =>
  builder.schema
    .createView(EXECUTIONS_VIEW)
    .ifNotExists()
    .as(
      builder
        .selectFrom("executions")
        .select(executionsViewColumns(sql`replace(created_at, ' ', 'T') || 'Z'`)),
    )
    .compile(),
);
