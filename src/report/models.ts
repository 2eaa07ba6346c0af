import type { Kysely } from "kysely";
import {
  type ExecutionModelRow,
  type ExecutionRow,
  type LedgerSchema,
  MODEL_COLUMNS,
} from "../ledger/schema";

/** Whether any execution has several models: most ledgers have none, and then no read need look for them. */
export async function hasModels(db: Kysely<LedgerSchema>): Promise<boolean> {
  return (await db.selectFrom("execution_models").select("model").limit(1).executeTakeFirst()) !== undefined;
}

/** The executions with their models, where there are several: the costliest first. */
export async function withModels(
  db: Kysely<LedgerSchema>,
  rows: readonly ExecutionRow[],
): Promise<readonly ExecutionRow[]> {
  if (rows.length === 0 || !(await hasModels(db))) return rows;
  const models = await db
    .selectFrom("executions")
    .innerJoin("execution_models", (join) =>
      join.onRef("execution_models.execution_id", "=", "executions.execution_id"),
    )
    .select("executions.id")
    .select(MODEL_COLUMNS.map((column) => `execution_models.${column}` as const))
    .where(
      "executions.id",
      "in",
      rows.map(({ id }) => id),
    )
    .orderBy("executions.id")
    .orderBy("execution_models.cost_usd", "desc")
    .orderBy("execution_models.provider")
    .orderBy("execution_models.model")
    .execute();
  const byId = Map.groupBy(models, ({ id }) => id);
  return rows.map((row) => {
    const used = byId.get(row.id);
    return used === undefined
      ? row
      : { ...row, models: used.map(({ id, ...model }): ExecutionModelRow => model) };
  });
}
