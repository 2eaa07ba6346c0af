import { describe, expect, test } from "bun:test";
import { forwardOnce } from "../../src/forward/forward-ledger";
import { openPostgres } from "../../src/postgres/connection";
import { purgePostgres } from "../../src/postgres/purge";
import { parsePostgresUrl } from "../../src/postgres/url";
import { DAY_MS, toLedgerTime } from "../../src/record/time";
import { runCli } from "../support/fake-terminal";
import { fillLedger, ledgerIn } from "../support/forwarding";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();
const folder = tempDir();
const newUrl = async () => server.url(await server.createDatabase());
const forward = (from: string, to: string) => forwardOnce({ from, to, logger: recordingLogger() });
const ago = (days: number) => Date.now() - days * DAY_MS;
const cutoff = toLedgerTime(ago(365));

/** As Citus needs it, as our own partitions have it, and both. */
const KEYS = [
  "execution_id",
  "ledger_id, execution_id",
  "execution_id, created_at",
  "ledger_id, execution_id, created_at",
];

/** A ledger on PostgreSQL, with a key of its own. */
async function ledgerWithKey(key: string): Promise<string> {
  const to = await newUrl();
  const empty = ledgerIn(folder, crypto.randomUUID());
  fillLedger(empty, "none", 0);
  await forward(empty, to);
  await queryOnce(
    to,
    `ALTER TABLE executions DROP CONSTRAINT executions_pkey, ADD PRIMARY KEY (${key}); DELETE FROM forward_sources`,
  );
  return to;
}

async function ledgerOf(prefix: string, count: number, days: number): Promise<string> {
  const from = ledgerIn(folder, crypto.randomUUID());
  fillLedger(from, prefix, count, (number) => ({ completedAt: ago(days) + number }));
  return from;
}

/** How many rows there are from before the cutoff, and from after it. */
async function oldAndYoung(to: string) {
  const [counts] = await queryOnce<{ old: number; young: number }>(
    to,
    `SELECT count(*) FILTER (WHERE created_at < '${cutoff}Z')::int AS old,
            count(*) FILTER (WHERE created_at >= '${cutoff}Z')::int AS young FROM executions`,
  );
  return counts;
}

async function slicesOf(to: string): Promise<number[]> {
  const { db, close } = await openPostgres(parsePostgresUrl(to));
  try {
    return await Array.fromAsync(purgePostgres(db, "public", cutoff));
  } finally {
    await close(1_000);
  }
}

describe("a purge deletes the old rows and no others,", () => {
  test.each(KEYS.slice(1))("where the key is (%s) and two ledgers have the same ids", async (key) => {
    const to = await ledgerWithKey(key);
    for (const days of [500, 40]) {
      expect(await forward(await ledgerOf("e", 3_000, days), to)).toMatchObject({ forwarded: 3_000 });
    }
    expect(await oldAndYoung(to)).toEqual({ old: 3_000, young: 3_000 });
    const purge = (...args: string[]) => runCli(["purge", "--older-than", "365d", "--db", to, ...args]);
    expect((await purge("--dry-run")).out).toContain("3,000 executions and 0 incidents would be deleted\n");
    expect((await purge()).out).toBe("3,000 executions purged\n");
    expect(await oldAndYoung(to)).toEqual({ old: 0, young: 3_000 });
    expect(await queryOnce(to, "SELECT sum(executions)::int AS n FROM usage_daily")).toEqual([{ n: 6_000 }]);
  });

  test.each(KEYS)("slice by slice, where the key is (%s) and ids recur within a slice", async (key) => {
    const to = await ledgerWithKey(key);
    const ledgers = key === "execution_id" ? 1 : 3;
    await forward(await ledgerOf("e", 1, 40), to);
    // Of each ledger the same ids, at times of their own: 12,000 old rows, and as many young ones.
    const rest = `delivery_id, repo, pr_number, event_type, provider, model, input_tokens, output_tokens,
      cache_read_tokens, cache_creation_tokens, duration_ms, cost_usd, conclusion, session_id, num_turns, stop_reason,
      usage_source, cost_source`;
    const insert = (ages: string, ids: string) =>
      queryOnce(
        to,
        `INSERT INTO executions (execution_id, ledger_id, created_at, ${rest})
         SELECT ${ids} || number, 'ledger-' || ledger, now() - interval '${ages}' + ledger * interval '1 s', ${rest}
         FROM executions, generate_series(1, ${12_000 / ledgers}) AS number, generate_series(1, ${ledgers}) AS ledger
         WHERE execution_id = 'e-1'`,
      );
    await insert("500 days", "'same-'");
    await insert("40 days", key.includes("created_at") ? "'same-'" : "'young-'");
    expect(await oldAndYoung(to)).toEqual({ old: 12_000, young: 12_001 });
    expect(await slicesOf(to)).toEqual([5_000, 5_000, 2_000]);
    expect(await oldAndYoung(to)).toEqual({ old: 0, young: 12_001 });
  });

  test("in the partitions of the README, of a table in a schema of its own, to the microsecond", async () => {
    const to = await newUrl();
    const from = await ledgerOf("e", 2, 500);
    await forward(from, `${to}?schema=Odd "one"`);
    // Times of another program that differ by less than a ledger can tell.
    await queryOnce(
      to,
      `SET search_path = "Odd ""one""";
       ALTER TABLE executions RENAME TO whole;
       CREATE TABLE executions (LIKE whole INCLUDING DEFAULTS INCLUDING IDENTITY) PARTITION BY RANGE (created_at);
       ALTER TABLE executions ADD PRIMARY KEY (execution_id, created_at);
       CREATE TABLE executions_old PARTITION OF executions FOR VALUES FROM (MINVALUE) TO ('${cutoff}Z');
       CREATE TABLE executions_other PARTITION OF executions DEFAULT;
       ALTER TABLE whole DROP CONSTRAINT executions_pkey;
       UPDATE whole SET execution_id = 'same', created_at = '${cutoff}Z'::timestamptz - id * interval '1 us';
       INSERT INTO executions OVERRIDING SYSTEM VALUE SELECT * FROM whole;
       UPDATE whole SET created_at = '${cutoff}Z'::timestamptz + id * interval '1 us';
       INSERT INTO executions OVERRIDING SYSTEM VALUE SELECT * FROM whole`,
    );
    const location = parsePostgresUrl(to, 'Odd "one"');
    const { db, close } = await openPostgres(location);
    expect(await Array.fromAsync(purgePostgres(db, location.schema, cutoff))).toEqual([2]);
    expect(await db.selectFrom("executions").select("execution_id").execute()).toHaveLength(2);
    await close(1_000);
  });
});

test.each(KEYS.slice(1))(
  "where the key is (%s), an execution of another ledger is not taken for one that was purged",
  async (key) => {
    const to = await ledgerWithKey(key);
    const [old, young] = [await ledgerOf("e", 10, 500), await ledgerOf("e", 10, 40)];
    await forward(old, to);
    await forward(young, to);
    await slicesOf(to);
    // A purge of what is younger than the ids that the other ledger still has.
    await queryOnce(to, `UPDATE ledger SET value = '${toLedgerTime(ago(100))}' WHERE key = 'purged_before'`);
    await queryOnce(to, "UPDATE forward_sources SET last_id = 0, last_execution_id = NULL");
    expect(await forward(old, to)).toMatchObject({ forwarded: 0, duplicates: 0, rejected: 10 });
    expect(await forward(young, to)).toMatchObject({ forwarded: 0, duplicates: 10, rejected: 0 });
    expect(await queryOnce(to, "SELECT sum(executions)::int AS n FROM usage_daily")).toEqual([{ n: 20 }]);
  },
);
