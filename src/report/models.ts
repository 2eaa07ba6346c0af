import { type Kysely, sql } from "kysely";
import { MODELS_IDENTITY } from "../ledger/execution-usage";
import {
  type ExecutionModelRow,
  type ExecutionRow,
  type LedgerSchema,
  MODEL_COLUMNS,
} from "../ledger/schema";
import type { Ledger } from "./database/ledger";
import { ledgerFacts } from "./ledger-facts";

/** Executions with their models, the costliest model first, if there are several. */
export async function withModels(
  db: Kysely<LedgerSchema>,
  engine: Ledger["engine"],
  rows: readonly ExecutionRow[],
): Promise<readonly ExecutionRow[]> {
  if (rows.length === 0 || !(await ledgerFacts(db)).hasModels) return rows;
  const ids = rows.map(({ id }) => id);
  const models = await db
    .selectFrom("executions")
    .innerJoin("execution_models", (join) =>
      MODELS_IDENTITY[engine].reduce(
        (on, column) => on.onRef(sql.ref(`execution_models.${column}`), "=", sql.ref(`executions.${column}`)),
        join,
      ),
    )
    .select("executions.id")
    .select(MODEL_COLUMNS.map((column) => `execution_models.${column}` as const))
    .where("executions.id", "in", ids)
    .execute();
  const byId = Map.groupBy(models, ({ id }) => id);
  return rows.map((row) => {
    const used = byId.get(row.id)?.map(({ id, ...model }): ExecutionModelRow => model);
    return used === undefined ? row : { ...row, models: used.sort(byCost) };
  });
}

/** Unknown costs come last: databases don't agree on the order of NULL. */
function byCost(a: ExecutionModelRow, b: ExecutionModelRow): number {
  const byAmount = (b.cost_usd ?? -1) - (a.cost_usd ?? -1);
  return byAmount || (`${a.provider} ${a.model}` < `${b.provider} ${b.model}` ? -1 : 1);
}
