import { type CompiledQuery, sql } from "kysely";
import { ADOPTED_COST_SOURCE, ADOPTED_USAGE_SOURCE, UNADOPTED_USAGE } from "../../ledger/adoption";
import { builder } from "../../ledger/kysely";
import { EARLIER_EXECUTION_COLUMNS, type LedgerSchema } from "../../ledger/schema";

type Table = keyof LedgerSchema;

/**
 * Temporary views by which a database of the earlier one-table design reads like a ledger of which no row was adopted
 * yet. The database itself stays as it is.
 */
export function earlierDesignViews(): CompiledQuery[] {
  return [
    view("executions").as(executions()).compile(),
    view("usage_daily").as(UNADOPTED_USAGE).compile(),
    emptyView("incidents", { id: 0, at: 0, kind: 0, count: 0, reason: 0, payload: 0 }),
    emptyView("ledger", { key: 0, value: 0 }),
    emptyView("forward_targets", { target: 0, identity: 0, reached_at: 0, last_id: 0, last_incident_id: 0 }),
  ];
}

function view(table: Table) {
  return builder.schema.createView(table).temporary();
}

function executions() {
  return builder
    .withTables<{ "main.executions": LedgerSchema["executions"] }>()
    .selectFrom("main.executions")
    .select(["id", ...EARLIER_EXECUTION_COLUMNS.filter((column) => column !== "num_turns")])
    .select(({ fn, lit }) => fn.coalesce("num_turns", lit(0)).as("num_turns"))
    .select([
      sql.lit(null).as("execution_id"),
      ADOPTED_USAGE_SOURCE.as("usage_source"),
      ADOPTED_COST_SOURCE.as("cost_source"),
    ]);
}

/** @param columns All of them, by name. */
function emptyView<Name extends Table>(
  table: Name,
  columns: Readonly<Record<keyof LedgerSchema[Name] & string, 0>>,
): CompiledQuery {
  const names = Object.keys(columns).map((column) => sql.lit(null).as(column));
  return view(table)
    .as(builder.selectNoFrom(names).where(sql.lit(false)))
    .compile();
}
