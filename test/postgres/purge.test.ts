import { describe, expect, test } from "bun:test";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { forwardOnce } from "../../src/forward/forward-ledger";
import { openPostgres } from "../../src/postgres/connection";
import { purgePostgres } from "../../src/postgres/purge";
import type { PostgresSchema } from "../../src/postgres/schema";
import { parsePostgresUrl } from "../../src/postgres/url";
import { DAY_MS, toLedgerTime } from "../../src/record/time";
import { runCli } from "../support/fake-terminal";
import { expectExactSums, fillLedger, ledgerIn } from "../support/forwarding";
import { read } from "../support/ledger";
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

describe("while a slice is purged", () => {
  /** A purge of which every statement is told before it is sent. */
  async function purge(url: string, onStatement: (sql: string) => void): Promise<number[]> {
    const db = new Kysely<PostgresSchema>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 1 }) }),
      log: ({ query }) => onStatement(query.sql),
    });
    try {
      return await Array.fromAsync(purgePostgres(db.withSchema("public"), "public", cutoff));
    } finally {
      await db.destroy();
    }
  }

  const waiting = `SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;

  test("no statement of it locks rows, which a distributed table has no way to do", async () => {
    const to = await newUrl();
    await forward(await ledgerOf("e", 10, 500), to);
    const statements: string[] = [];
    expect(await purge(to, (sql) => statements.push(sql))).toEqual([10]);
    expect(statements.filter((sql) => /\bfor\s+(no\s+key\s+)?(update|share|key)\b/i.test(sql))).toEqual([]);
    expect(statements.find((sql) => !/^(begin|start|set)/i.test(sql))).toBe(
      'LOCK TABLE "public"."forward_sources" IN EXCLUSIVE MODE',
    );
  });

  test.each([
    ["sends its first executions", "DELETE FROM forward_sources"],
    [
      "sends others again",
      "UPDATE forward_sources SET last_id = 0, last_execution_id = NULL, resent_up_to = 10",
    ],
    ["goes on", "SELECT 1"],
  ])("a forwarder that %s waits, and reports go on", async (_, before) => {
    const to = await newUrl();
    const from = await ledgerOf("e", 10, 40);
    await forward(from, to);
    await queryOnce(to, before);
    fillLedger(from, "more", 5);
    const { db, close } = await openPostgres(parsePostgresUrl(to));
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    // The transaction of a slice stays open after it has its lock.
    const slice = db.transaction().execute(async (trx) => {
      const steps = purgePostgres(withoutTransactions(trx), "public", cutoff);
      await steps.next();
      held.resolve();
      await release.promise;
    });
    await held.promise;
    const forwarding = forward(from, to);
    while ((await queryOnce(to, waiting)).length === 0) await Bun.sleep(50);
    expect((await runCli(["report", "--db", to])).exitCode).toBe(0);
    expect(await queryOnce(to, "SELECT count(*)::int AS n FROM executions")).toEqual([{ n: 10 }]);
    release.resolve();
    await slice;
    expect(await forwarding).toMatchObject({ forwarded: 5, rejected: 0 });
    await expectExactSums(to);
    await close(1_000);
  });

  /** Runs what asks for a transaction in the one that is open. */
  function withoutTransactions(trx: Kysely<PostgresSchema>): Kysely<PostgresSchema> {
    const inThisOne = {
      setIsolationLevel: () => inThisOne,
      execute: (body: (db: Kysely<PostgresSchema>) => Promise<unknown>) => body(trx),
    };
    return new Proxy(trx, {
      get: (target, name) => (name === "transaction" ? () => inThisOne : Reflect.get(target, name, target)),
    });
  }
});

test("a role with the documented rights can purge, and one without the lock's deletes nothing", async () => {
  const database = await server.createDatabase();
  const owner = server.url(database);
  await forward(await ledgerOf("e", 10, 500), owner);
  const from = ledgerIn(folder, "incidents");
  fillLedger(from, "e", 1);
  read(from, "INSERT INTO incidents (at, kind, reason) VALUES ('2020-01-01 00:00:00.000', 'dropped', 'old')");
  await forward(from, owner);
  await queryOnce(
    owner,
    `CREATE ROLE purge_test LOGIN PASSWORD 'not-a-secret';
     GRANT USAGE ON SCHEMA public TO purge_test;
     GRANT SELECT ON executions, execution_models, usage_daily, usage_daily_labels, incidents, ledger,
       forward_sources, runledger_migration TO purge_test;
     GRANT DELETE ON executions, execution_models, incidents TO purge_test;
     GRANT INSERT, UPDATE ON ledger TO purge_test`,
  );
  const url = server.url(database, { user: "purge_test", password: "not-a-secret" });
  const purge = () => runCli(["purge", "--older-than", "365d", "--db", url]);
  const refused = await purge();
  expect(refused.exitCode).toBe(1);
  expect(refused.err).toMatch(/42501.*Grant what is missing/);
  expect(await oldAndYoung(owner)).toMatchObject({ old: 10 });
  await queryOnce(owner, "GRANT UPDATE ON forward_sources TO purge_test");
  expect(await purge()).toMatchObject({ exitCode: 0, out: "10 executions purged\n" });
  expect(await queryOnce(owner, "SELECT count(*)::int AS n FROM incidents")).toEqual([{ n: 0 }]);
});
