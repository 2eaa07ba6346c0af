import { type Expression, expressionBuilder, type SqlBool, sql } from "kysely";
import type { ExecutionRow, ExecutionsTable } from "../../ledger/schema";
import { toSqliteGlob } from "../../name-pattern";

// The SQL of reports that is specific to SQLite; `postgres-reads.ts` translates it for PostgreSQL.

/** Whether a text matches a glob. */
export function matchesGlob(column: Expression<unknown>, glob: string): Expression<SqlBool> {
  return sql<SqlBool>`${column} glob ${toSqliteGlob(glob)}`;
}

/**
 * A column that no index is used for. SQLite has no statistics: it takes any text to be in ten rows, and would rather
 * look up all executions of a repository, or even of each, than read those of a day in order of time.
 */
export function unindexed<Column extends keyof ExecutionsTable | "ledger_id">(column: Column) {
  type Value = Column extends keyof ExecutionRow ? ExecutionRow[Column] : string;
  return sql<Value>`+${sql.ref(column)}`;
}

/**
 * The sum of those rows that fulfil a condition, as a floating point number: 0 without rows, never too large, and exact
 * as far as JavaScript's numbers are.
 */
export function total(value: Expression<number | null>, condition?: Expression<SqlBool>) {
  const sum = expressionBuilder().fn.agg<number>("total", [value]);
  return condition === undefined ? sum : sum.filterWhere(condition);
}
