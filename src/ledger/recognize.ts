import { EARLIER_EXECUTION_COLUMNS, type LedgerSchema } from "./schema";
import { columnsOf, TABLE_NAMES } from "./tables";

/**
 * What a database is: empty, a ledger, a ledger that lacks a table or a column, one of the earlier one-table design,
 * or the database of another program.
 */
export type DatabaseKind = "empty" | "ledger" | "incomplete" | "earlier" | "foreign";

/** The part of a connection that is needed here. */
interface Pragmas {
  pragma(text: string): readonly Record<string, unknown>[];
}

/** Recognises a database by its tables: one restored from a dump has lost its version. */
export function kindOf(database: Pragmas): DatabaseKind {
  // The columns first, as another process may be upgrading the file: once they are all there, so are the tables.
  const executions = columnNames(database, "executions");
  const tables = tableNames(database);
  if (tables.size === 0) return "empty";
  // Another process created it between the two reads.
  if (executions.size === 0 && tables.has("executions")) return kindOf(database);
  if (!EARLIER_EXECUTION_COLUMNS.every((column) => executions.has(column))) return "foreign";
  if (!tables.has("ledger")) return "earlier";
  return TABLE_NAMES.every((table) => tables.has(table) && lacking(database, table).length === 0)
    ? "ledger"
    : "incomplete";
}

/** The tables of a database, without SQLite's own. */
export function tableNames(database: Pragmas): ReadonlySet<string> {
  const names = database.pragma("main.table_list").map(({ name }) => String(name));
  return new Set(names.filter((name) => !name.startsWith("sqlite_")));
}

/** The columns that a ledger's table lacks; all of them if the table is missing. */
export function lacking(database: Pragmas, table: keyof LedgerSchema): readonly string[] {
  const present = columnNames(database, table);
  return columnsOf(table).flatMap(([column]) => (present.has(column) ? [] : [column]));
}

function columnNames(database: Pragmas, table: string): ReadonlySet<unknown> {
  return new Set(database.pragma(`main.table_info(${table})`).map(({ name }) => name));
}
