import { type Kysely, type RawBuilder, sql } from "kysely";
import { MODELS_IDENTITY } from "../ledger/execution-usage";
import { justAfter } from "../record/time";
import { executionsKey } from "./primary-key";
import type { PostgresSchema } from "./schema";

const IDENTITY = MODELS_IDENTITY.postgresql;
/** Rows deleted per transaction: a forwarder waits for one such transaction at most. */
const SLICE_ROWS = 5_000;
const UTC_OFFSET = "+00";

/**
 * Deletes executions and incidents older than the cutoff from a PostgreSQL ledger, slice by slice; `usage_daily` keeps
 * their sums. Yields how many executions each slice deleted.
 *
 * @param schema Where the tables are.
 * @param cutoff A UTC time as ledgers store it.
 */
export async function* purgePostgres(
  db: Kysely<PostgresSchema>,
  schema: string,
  cutoff: string,
): AsyncGenerator<number, void> {
  let deleted: number;
  do {
    deleted = await db
      .transaction()
      .setIsolationLevel("read committed")
      .execute((trx) => purgeSlice(trx, schema, cutoff));
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

async function purgeSlice(trx: Kysely<PostgresSchema>, schema: string, cutoff: string): Promise<number> {
  await keepForwardersAway(trx, schema);
  const before = `${cutoff}${UTC_OFFSET}`;
  const old = trx.selectFrom("executions").where("created_at", "<", before);
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
  const identity = await identityOf(trx, schema);
  // In a total order, so that both statements choose the same rows.
  const chosen = identity
    .reduce((query, column) => query.orderBy(column), old.select(identity).orderBy("created_at"))
    .limit(SLICE_ROWS);
  await trx
    .deleteFrom("execution_models")
    .where("created_at", "<", before)
    .where(rowOf(IDENTITY), "in", trx.selectFrom(chosen.as("chosen")).select(IDENTITY).$castTo<unknown>())
    .execute();
  const { numDeletedRows } = await trx
    .deleteFrom("executions")
    // Redundant, but on a partitioned table it tells PostgreSQL which partitions to scan.
    .where("created_at", "<", before)
    .where(rowOf(identity), "in", chosen.$castTo<unknown>())
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/**
 * The columns that identify a row. If the key includes the ledger or the time, several rows may have the same
 * `execution_id`, and only some of them may be old.
 */
async function identityOf(db: Kysely<PostgresSchema>, schema: string) {
  const key = await executionsKey(db, schema);
  return [...new Set([...key, ...IDENTITY])];
}

function rowOf(columns: readonly string[]): RawBuilder<unknown> {
  return sql`(${sql.join(columns.map((column) => sql.ref(column)))})`;
}

/**
 * Locks the watermarks of all ledgers until the end of the transaction. A purge does so before it deletes anything, so
 * that no forwarder is in the middle of deciding whether an execution was purged. Reads continue. It locks the table,
 * because a distributed table (Citus) can't lock all of its rows.
 */
async function keepForwardersAway(trx: Kysely<PostgresSchema>, schema: string): Promise<void> {
  await sql`LOCK TABLE ${sql.id(schema, "forward_sources")} IN EXCLUSIVE MODE`.execute(trx);
}
