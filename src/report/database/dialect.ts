import { type Expression, expressionBuilder, type SqlBool, sql } from "kysely";
import type { ExecutionRow, ExecutionsTable } from "../../ledger/schema";
import { toSqliteGlob } from "../../name-pattern";

// The SQLite-specific SQL of reports; `postgres-reads.ts` translates it for PostgreSQL.

/** Whether a text matches a glob. */
export function matchesGlob(column: Expression<unknown>, glob: string): Expression<SqlBool> {
  return sql<SqlBool>`${column} glob ${toSqliteGlob(glob)}`;
}

/**
 * A column for which no index is used. Without statistics, SQLite assumes that any text matches ten rows, and prefers
 * to look up all executions of a repository, or even of every one, instead of reading those of a day in order of time.
 */
export function unindexed<Column extends keyof ExecutionsTable | "ledger_id">(column: Column) {
  type Value = Column extends keyof ExecutionRow ? ExecutionRow[Column] : string;
  return sql<Value>`+${sql.ref(column)}`;
}

/**
 * The sum of the rows that meet a condition, as a floating point number: 0 without rows, never an overflow, and as
 * exact as JavaScript's numbers.
 */
export function total(value: Expression<number | null>, condition?: Expression<SqlBool>) {
  const sum = expressionBuilder().fn.agg<number>("total", [value]);
  return condition === undefined ? sum : sum.filterWhere(condition);
}
