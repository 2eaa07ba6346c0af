import { EARLIER_EXECUTION_COLUMNS } from "./schema";

/**
 * What a database is to us: one without tables, a ledger, a ledger of the earlier one-table design, or the database
 * of another program.
 */
export type DatabaseKind = "empty" | "ledger" | "earlier" | "foreign";

/** Tells by its version and its tables what a database is. */
export function kindOf(database: { pragma(text: string): readonly Record<string, unknown>[] }): DatabaseKind {
  // First, as another process may be about to upgrade it: the tables are there when the version is.
  const isVersioned = database.pragma("user_version").some(({ user_version }) => Number(user_version) > 0);
  const names = database.pragma("main.table_list").map(({ name }) => String(name));
  // SQLite's own are in every database.
  const tables = new Set(names.filter((name) => !name.startsWith("sqlite_")));
  if (tables.size === 0) return "empty";
  if (isVersioned) return tables.has("ledger") ? "ledger" : "foreign";
  const columns = new Set(database.pragma("main.table_info(executions)").map(({ name }) => name));
  return EARLIER_EXECUTION_COLUMNS.every((column) => columns.has(column)) ? "earlier" : "foreign";
}
