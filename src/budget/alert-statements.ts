import type { CompiledQuery } from "kysely";
import { builder as ledgerBuilder } from "../ledger/kysely";
import type { TypedAlert } from "./alerts";

/** An alert, its owner, and how far it has got. */
export interface AlertRow {
  readonly id: string;
  readonly type: TypedAlert["type"];
  /** The payload as JSON. */
  readonly alert: string;
  /** When it was stored, UTC text as in a ledger. */
  readonly at: string;
  /** The process that sends it. */
  readonly owner: string;
  /** From this time on another process may take it over, in epoch milliseconds. */
  readonly leased_until_ms: number;
  readonly is_told: 0 | 1;
  readonly is_posted: 0 | 1;
}

type AlertsSchema = {
  alerts: AlertRow;
  /** How far executions were checked against budgets per execution: one row. */
  judged: { one: 1; id: number };
};

const builder = ledgerBuilder.withTables<AlertsSchema>();

/** Creates missing tables. */
export const ALERTS_TABLES: readonly CompiledQuery[] = [
  builder.schema
    .createTable("alerts")
    .ifNotExists()
    .addColumn("id", "text", (column) => column.notNull().primaryKey())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("alert", "text", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("leased_until_ms", "integer", (column) => column.notNull())
    .addColumn("is_told", "integer", (column) => column.notNull())
    .addColumn("is_posted", "integer", (column) => column.notNull())
    .compile(),
  builder.schema
    .createTable("judged")
    .ifNotExists()
    .addColumn("one", "integer", (column) => column.notNull().primaryKey())
    .addColumn("id", "integer", (column) => column.notNull())
    .compile(),
];

/** Changes nothing if it is already stored. */
export function insertAlert(row: AlertRow): CompiledQuery {
  return builder
    .insertInto("alerts")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doNothing())
    .compile();
}

/** Alerts of other owners that are not done. */
export function selectUndone(owner: string, posts: boolean): CompiledQuery<AlertRow> {
  return builder
    .selectFrom("alerts")
    .selectAll()
    .where("owner", "!=", owner)
    .where((row) => row.or([row("is_told", "=", 0), ...(posts ? [row("is_posted", "=", 0 as const)] : [])]))
    .orderBy("at")
    .compile();
}

/** Takes over an alert, unless another process was faster. */
export function own(row: AlertRow, owner: string, untilMs: number): CompiledQuery {
  return builder
    .updateTable("alerts")
    .set({ owner, leased_until_ms: untilMs })
    .where("id", "=", row.id)
    .where("owner", "=", row.owner)
    .where("leased_until_ms", "=", row.leased_until_ms)
    .compile();
}

export function renew(owner: string, untilMs: number): CompiledQuery {
  return builder
    .updateTable("alerts")
    .set({ leased_until_ms: untilMs })
    .where("owner", "=", owner)
    .where((row) => row.or([row("is_told", "=", 0), row("is_posted", "=", 0)]))
    .compile();
}

/** Releases our alerts that are not done. */
export function release(owner: string): CompiledQuery {
  return builder
    .updateTable("alerts")
    .set({ owner: "", leased_until_ms: 0 })
    .where("owner", "=", owner)
    .where((row) => row.or([row("is_told", "=", 0), row("is_posted", "=", 0)]))
    .compile();
}

export function setTold(id: string): CompiledQuery {
  return builder.updateTable("alerts").set({ is_told: 1 }).where("id", "=", id).compile();
}

export function setPosted(id: string): CompiledQuery {
  return builder.updateTable("alerts").set({ is_posted: 1 }).where("id", "=", id).compile();
}

export function selectUnposted(owner: string): CompiledQuery<AlertRow> {
  return builder
    .selectFrom("alerts")
    .selectAll()
    .where("owner", "=", owner)
    .where("is_posted", "=", 0)
    .orderBy("at")
    .compile();
}

export function countUnposted(): CompiledQuery<{ count: number }> {
  return builder
    .selectFrom("alerts")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("is_posted", "=", 0)
    .compile();
}

export function giveUpOldest(count: number): CompiledQuery {
  return builder
    .updateTable("alerts")
    .set({ is_posted: 1 })
    .where("id", "in", (oldest) =>
      oldest.selectFrom("alerts").select("id").where("is_posted", "=", 0).orderBy("at").limit(count),
    )
    .compile();
}

/** Deletes alerts that are done and old. */
export function deleteBefore(at: string): CompiledQuery {
  return builder.deleteFrom("alerts").where("at", "<", at).compile();
}

export const SELECT_JUDGED: CompiledQuery<{ id: number }> = builder
  .selectFrom("judged")
  .select("id")
  .compile();

export function noteJudged(id: number): CompiledQuery {
  return builder
    .insertInto("judged")
    .values({ one: 1, id })
    .onConflict((conflict) => conflict.column("one").doUpdateSet({ id }))
    .compile();
}
