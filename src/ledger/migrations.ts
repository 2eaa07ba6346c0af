import { type CompiledQuery, type CreateTableBuilder, sql } from "kysely";
import { addAdoptedLabelUsage, addAdoptedUsage, adoptRows, hasUnadoptedRows } from "./adoption";
import type { Connection } from "./connection";
import { createExecutionsView } from "./executions-view";
import { builder } from "./kysely";
import { kindOf, lacking, tableNames } from "./recognize";
import { LABEL_KEYS, type LedgerSchema, SCHEMA_VERSION, USAGE_KEYS } from "./schema";
import { columnsOf, TABLE_NAMES } from "./tables";

/**
 * Turns a new file, a database of the earlier design, or a ledger that lost part of its schema into a current ledger,
 * and adopts the rows that an older program inserted. It is one transaction, so any number of processes may open the
 * same file at once.
 */
export function migrate(connection: Connection): void {
  if (isUpToDate(connection) && !hasUnadoptedRows(connection)) return;
  connection.transaction(() => {
    // Another process may have migrated the file before this one got the lock: check again.
    if (!isUpToDate(connection)) {
      for (const query of missingParts(connection)) connection.run(query);
      connection.pragma(`user_version = ${SCHEMA_VERSION}`);
    }
    adoptRows(connection);
  });
}

/** The schema version of the file; 0 if it is new, of the earlier design, or restored from a dump. */
export function schemaVersion(connection: Connection): number {
  return connection.pragmaNumber("user_version");
}

function isUpToDate(connection: Connection): boolean {
  return schemaVersion(connection) === SCHEMA_VERSION && kindOf(connection) === "ledger";
}

function missingParts(connection: Connection): CompiledQuery[] {
  const present = tableNames(connection);
  const isIdentified =
    present.has("executions") && !lacking(connection, "executions").includes("execution_id");
  const part = (table: keyof LedgerSchema) =>
    present.has(table) ? addColumns(table, lacking(connection, table)) : [createTable(table)];
  return [
    ...part("executions"),
    createIndex("created_at"),
    createIndex("repo"),
    createIndex("execution_id"),
    ...TABLE_NAMES.filter((table) => table !== "executions").flatMap(part),
    createExecutionsView(),
    ...(isIdentified && !present.has("usage_daily") ? [addAdoptedUsage()] : []),
    ...(isIdentified && !present.has("usage_daily_labels") ? [addAdoptedLabelUsage()] : []),
    builder
      .insertInto("ledger")
      .values({ key: "id", value: Bun.randomUUIDv7() })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .compile(),
  ];
}

/** The primary keys that are of more than one column. */
const KEYS_OF_SEVERAL: { readonly [Table in keyof LedgerSchema]?: readonly string[] } = {
  usage_daily: USAGE_KEYS,
  usage_daily_labels: LABEL_KEYS,
  execution_models: ["execution_id", "provider", "model"],
};

function createTable(table: keyof LedgerSchema): CompiledQuery {
  let creation: CreateTableBuilder<string, string> = builder.schema.createTable(table);
  for (const [column, [type, define]] of columnsOf(table))
    creation = creation.addColumn(column, type, define);
  const key = KEYS_OF_SEVERAL[table];
  if (key === undefined) return creation.compile();
  return (
    creation
      .addPrimaryKeyConstraint(`pk_${table}`, [...key])
      // Without a rowid the rows live in the key's own tree: half the size, and one page less to write per sum.
      .modifyEnd(sql`without rowid`)
      .compile()
  );
}

/** SQLite adds one column per statement. */
function addColumns(table: keyof LedgerSchema, columns: readonly string[]): CompiledQuery[] {
  const missing = columnsOf(table).filter(([column]) => columns.includes(column));
  return missing.map(([column, [type, define]]) =>
    builder.schema.alterTable(table).addColumn(column, type, define).compile(),
  );
}

function createIndex(column: "created_at" | "repo" | "execution_id"): CompiledQuery {
  const index = builder.schema
    .createIndex(`idx_executions_${column}`)
    .ifNotExists()
    .on("executions")
    .column(column);
  return (column === "execution_id" ? index.unique() : index).compile();
}
