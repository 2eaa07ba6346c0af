import { openLedger } from "runledger/report";

const SUMS = [
  "executions",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_creation_tokens",
  "cost_usd",
  "without_usage",
  "without_cost",
] as const;

export type Sums = Readonly<Record<(typeof SUMS)[number], number>>;

/** Everything ever recorded, the costliest model first. */
export interface Summary {
  readonly models: readonly (Sums & { readonly model: string })[];
  readonly total: Sums;
}

/** Reads a ledger back, by its sums per day: they outlive the retention of single executions. */
export async function summarize(dbPath: string): Promise<Summary> {
  await using ledger = openLedger(dbPath);
  // Unlike `sum`, SQLite's `total` of no rows is 0.
  const sums = ledger.db
    .selectFrom("usage_daily")
    .select(({ fn }) => SUMS.map((column) => fn<number>("total", [column]).as(column)));
  const models = sums.select("model").groupBy("model").orderBy("cost_usd", "desc").orderBy("model");
  return { models: await models.execute(), total: await sums.executeTakeFirstOrThrow() };
}
