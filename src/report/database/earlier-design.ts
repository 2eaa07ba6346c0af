import { type CompiledQuery, sql } from "kysely";
import { ADOPTED_COST_SOURCE, ADOPTED_USAGE_SOURCE, unadoptedUsage } from "../../ledger/adoption";
import { builder } from "../../ledger/kysely";
import { EARLIER_EXECUTION_COLUMNS, type LedgerSchema } from "../../ledger/schema";
import { columnsOf } from "../../ledger/tables";

type Table = keyof LedgerSchema;

/**
 * Temporary views that make a database of the earlier one-table design readable like a ledger whose rows are not
 * adopted yet. The database itself stays as it is.
 */
export function earlierDesignViews(): CompiledQuery[] {
  return [
    view("executions").as(executions()).compile(),
    view("usage_daily").as(unadoptedUsage()).compile(),
    emptyView("execution_models"),
    emptyView("usage_daily_labels"),
    emptyView("incidents"),
    emptyView("ledger"),
    emptyView("forward_targets"),
  ];
}

function view(table: Table) {
  return builder.schema.createView(table).temporary();
}

function executions() {
  return builder
    .withTables<{ "main.executions": LedgerSchema["executions"] }>()
    .selectFrom("main.executions")
    .select(["id", ...EARLIER_EXECUTION_COLUMNS])
    .select([
      sql.lit(null).as("execution_id"),
      ADOPTED_USAGE_SOURCE.as("usage_source"),
      ADOPTED_COST_SOURCE.as("cost_source"),
      sql.lit(null).as("labels"),
    ]);
}

function emptyView(table: Table): CompiledQuery {
  const names = columnsOf(table).map(([column]) => sql.lit(null).as(column));
  return view(table)
    .as(builder.selectNoFrom(names).where(sql.lit(false)))
    .compile();
}
