import { type CompiledQuery, type CreateTableBuilder, sql } from "kysely";
import { ADD_ADOPTED_USAGE, adoptRows, hasUnadoptedRows } from "./adoption";
import type { Connection } from "./connection";
import { builder } from "./kysely";
import { kindOf, lacking, tableNames } from "./recognize";
import { type LedgerSchema, USAGE_KEYS } from "./schema";
import { columnsOf, TABLE_NAMES } from "./tables";

/** The schema that this version of Runledger writes, kept in `PRAGMA user_version`. */
export const SCHEMA_VERSION = 1;

/**
 * Makes a ledger of a new file, of one of the earlier design, or of one that lost a part of its schema; and adopts the
 * rows that an older program inserted meanwhile. All of it is one transaction, so that any number of processes may
 * open the same file at once.
 */
export function migrate(connection: Connection): void {
  if (isUpToDate(connection) && !hasUnadoptedRows(connection)) return;
  connection.transaction(() => {
    // Another process may have been faster: what was true before the lock need not be true now.
    if (!isUpToDate(connection)) {
      for (const query of missingParts(connection)) connection.run(query);
      connection.pragma(`user_version = ${SCHEMA_VERSION}`);
    }
    adoptRows(connection);
  });
}

/** The version of the schema in the file; 0 in a new one, in one of the earlier design, and in one read from a dump. */
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
    ...(isIdentified && !present.has("usage_daily") ? [ADD_ADOPTED_USAGE] : []),
    builder
      .insertInto("ledger")
      .values({ key: "id", value: Bun.randomUUIDv7() })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .compile(),
  ];
}

function createTable(table: keyof LedgerSchema): CompiledQuery {
  let creation: CreateTableBuilder<string, string> = builder.schema.createTable(table);
  for (const [column, [type, define]] of columnsOf(table))
    creation = creation.addColumn(column, type, define);
  if (table !== "usage_daily") return creation.compile();
  return (
    creation
      .addPrimaryKeyConstraint("pk_usage_daily", [...USAGE_KEYS])
      // The rows live in the key's own tree: half the size, and one page less to write for each sum.
      .modifyEnd(sql`without rowid`)
      .compile()
  );
}

/** SQLite adds one column a statement. */
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
