import type { Kysely } from "kysely";
import { justAfter } from "../record/time";
import type { PostgresSchema } from "./schema";

/** Rows deleted in one transaction: forwarders wait for no more than that. */
const SLICE_ROWS = 5_000;
const UTC_OFFSET = "+00";

/**
 * Deletes, from a PostgreSQL ledger, the executions and incidents from before the cutoff, slice by slice; `usage_daily`
 * keeps their sums. Yields how many executions each slice deleted.
 *
 * @param cutoff As ledgers store times, in UTC.
 */
export async function* purgePostgres(
  db: Kysely<PostgresSchema>,
  cutoff: string,
): AsyncGenerator<number, void> {
  let deleted: number;
  do {
    deleted = await db
      .transaction()
      .setIsolationLevel("read committed")
      .execute((trx) => purgeSlice(trx, cutoff));
    yield deleted;
  } while (deleted === SLICE_ROWS);
  const incidents = db
    .selectFrom("incidents")
    .select("incident_id")
    .where("at", "<", `${cutoff}${UTC_OFFSET}`)
    .limit(SLICE_ROWS);
  let result: { numDeletedRows: bigint };
  do {
    result = await db.deleteFrom("incidents").where("incident_id", "in", incidents).executeTakeFirst();
  } while (Number(result.numDeletedRows) === SLICE_ROWS);
}

async function purgeSlice(trx: Kysely<PostgresSchema>, cutoff: string): Promise<number> {
  await lockForwardSources(trx);
  const old = trx.selectFrom("executions").where("created_at", "<", `${cutoff}${UTC_OFFSET}`);
  const { newest } = await old
    .select(({ fn }) => fn.max<string | null>("created_at").as("newest"))
    .executeTakeFirstOrThrow();
  if (newest === null) return 0;
  const value = justAfter(newest) ?? cutoff;
  await trx
    .insertInto("ledger")
    .values({ key: "purged_before", value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }).where("ledger.value", "<", value))
    .execute();
  const { numDeletedRows } = await trx
    .deleteFrom("executions")
    .where("execution_id", "in", old.select("execution_id").orderBy("created_at").limit(SLICE_ROWS))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/**
 * Locks the places of all ledgers to the end of the transaction. A purge does so before it deletes anything: no
 * forwarder can then be in the middle of telling whether an execution was purged.
 */
async function lockForwardSources(trx: Kysely<PostgresSchema>): Promise<void> {
  await trx.selectFrom("forward_sources").select("ledger_id").orderBy("ledger_id").forUpdate().execute();
}
