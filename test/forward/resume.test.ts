import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import pg from "pg";
import { forwardOnce } from "../../plugins/forward";
import { Forwarder } from "../../src/forward/forwarder";
import { parseForwardOptions } from "../../src/forward/options";
import { resumePoint } from "../../src/forward/resume";
import { createTelemetryStore } from "../../src/ledger/store";
import { expectExactSums, expectForwarded, fillLedger, forwardedIds, ledgerIn } from "../support/forwarding";
import { read } from "../support/ledger";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

describe("where to go on", () => {
  const target = { lastId: 200, executionId: "x200", lastIncidentId: 20, resentUpTo: 0 };
  const known = { noted: 200, notedIncident: 19, target, executionIdThere: "x200", newestId: 300 };

  test.each([
    [
      "a new target gets everything",
      { ...known, noted: 0, target: undefined },
      { from: 0, incidentsFrom: 0, resentUpTo: 0 },
    ],
    [
      "an emptied target gets everything again",
      { ...known, target: undefined },
      { from: 0, incidentsFrom: 0, resentUpTo: 200 },
    ],
    ["the target and the ledger agree", known, { from: 200, incidentsFrom: 19, resentUpTo: 0 }],
    [
      "the ledger's note came too late",
      { ...known, noted: 100 },
      { from: 200, incidentsFrom: 19, resentUpTo: 0 },
    ],
    ["the ledger's note was lost", { ...known, noted: 0 }, { from: 200, incidentsFrom: 19, resentUpTo: 0 }],
    [
      "the target was restored from a backup: it gets again what it lost",
      { ...known, noted: 250 },
      { from: 200, incidentsFrom: 19, resentUpTo: 250 },
    ],
    [
      "the last execution was purged from the ledger",
      { ...known, executionIdThere: undefined },
      { from: 200, incidentsFrom: 19, resentUpTo: 0 },
    ],
    [
      "the ledger was restored from a backup that lacks the last execution",
      { ...known, noted: 80, executionIdThere: undefined, newestId: 150 },
      { from: 80, incidentsFrom: 19, resentUpTo: 150 },
    ],
    [
      "the ledger was restored, and gave the id to another execution",
      { ...known, noted: 80, executionIdThere: "y200" },
      { from: 80, incidentsFrom: 19, resentUpTo: 300 },
    ],
    [
      "what may have been sent before is remembered",
      { ...known, target: { ...target, resentUpTo: 220 } },
      { from: 200, incidentsFrom: 19, resentUpTo: 220 },
    ],
    [
      "a target that has heard of the ledger and has nothing of it",
      { ...known, noted: 0, target: { lastId: 0, executionId: null, lastIncidentId: 5, resentUpTo: 0 } },
      { from: 0, incidentsFrom: 5, resentUpTo: 0 },
    ],
  ])("%s", (_, progress, expected) => {
    expect(resumePoint(progress)).toEqual(expected);
  });
});

describe("exactly once", () => {
  const server = usePostgres();
  const folder = tempDir();
  const newUrl = async () => server.url(await server.createDatabase());
  const forward = (from: string, to: string) =>
    forwardOnce({ from, to, batchSize: 100, logger: recordingLogger() });

  test("when the ledger forgot how far the target is", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "forgotten");
    fillLedger(from, "first", 250);
    await forward(from, to);
    read(from, "DELETE FROM forward_targets");
    fillLedger(from, "second", 250);
    expect(await forward(from, to)).toMatchObject({ forwarded: 250, duplicates: 0, behind: 0 });
    await expectForwarded(to, [from]);
  });

  test("when the ledger is restored from an older copy, and gives its ids to other executions", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "restored");
    fillLedger(from, "first", 250);
    await forward(from, to);
    copyFileSync(from, `${from}.backup`);
    fillLedger(from, "second", 250);
    await forward(from, to);
    const before = await forwardedIds(to);

    copyFileSync(`${from}.backup`, from);
    fillLedger(from, "third", 400);
    expect(await forward(from, to)).toMatchObject({ forwarded: 400 });
    expect(await forwardedIds(to)).toEqual(
      [...before, ...Array.from({ length: 400 }, (_, index) => `third-${index + 1}`)].sort(),
    );
    await expectExactSums(to);
    expect(await forward(from, to)).toMatchObject({ forwarded: 0, duplicates: 0 });
  });

  test("of a ledger and a copy of it that both go on, and are forwarded at the same time", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "original");
    const copy = ledgerIn(folder, "copy");
    fillLedger(from, "common", 250);
    await forward(from, to);
    copyFileSync(from, copy);
    for (const round of ["one", "two"]) {
      fillLedger(from, `original-${round}`, 500);
      fillLedger(copy, `copy-${round}`, 500);
      const reports = await Promise.all([forward(from, to), forward(copy, to)]);
      expect(reports.map(({ forwarded }) => forwarded)).toEqual([500, 500]);
    }
    await expectForwarded(to, [from, copy]);
  });

  test("by two forwarders of one ledger at the same time", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "twice");
    fillLedger(from, "twice", 1_200);
    const reports = await Promise.all([forward(from, to), forward(from, to)]);
    expect(reports.reduce((sum, { forwarded }) => sum + forwarded, 0)).toBe(1_200);
    await expectForwarded(to, [from]);
  });

  test("to each of two targets, of which one is a schema of the other's database", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "two-targets");
    fillLedger(from, "first", 250);
    await forward(from, to);
    fillLedger(from, "second", 250);
    await forward(from, `${to}?schema=other`);
    await forward(from, to);
    const count = "SELECT count(*)::int AS count FROM";
    expect(await queryOnce(to, `${count} public.executions`)).toEqual([{ count: 500 }]);
    expect(await queryOnce(to, `${count} other.executions`)).toEqual([{ count: 500 }]);
    const targets = read(from, "SELECT last_id FROM forward_targets");
    expect(targets).toEqual([{ last_id: 500 }, { last_id: 500 }]);
  });

  test("when two ledgers have the same executions", async () => {
    const to = await newUrl();
    const [one, two] = [ledgerIn(folder, "one"), ledgerIn(folder, "two")];
    fillLedger(one, "same", 250);
    fillLedger(two, "same", 250);
    expect(await forward(one, to)).toMatchObject({ forwarded: 250 });
    expect(await forward(two, to)).toMatchObject({ forwarded: 0, duplicates: 250 });
    await expectForwarded(to, [one, two]);
  });

  test("when the target is restored from an older backup; what was purged since is missed aloud", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "target-restored");
    fillLedger(from, "first", 250);
    await forward(from, to);
    const backup = await Promise.all(
      ["executions", "usage_daily", "usage_daily_labels", "forward_sources"].map(async (table) => {
        await queryOnce(to, `CREATE TABLE backup_${table} AS TABLE ${table}`);
        return table;
      }),
    );
    fillLedger(from, "second", 250);
    await forward(from, to);
    read(from, "DELETE FROM executions WHERE id BETWEEN 301 AND 310");
    for (const table of backup) {
      await queryOnce(to, `DELETE FROM ${table}`);
      await queryOnce(to, `INSERT INTO ${table} OVERRIDING SYSTEM VALUE TABLE backup_${table}`);
    }
    expect(await forward(from, to)).toMatchObject({ forwarded: 240, rejected: 0 });
    await expectForwarded(to, [from]);
    expect(await queryOnce(to, "SELECT kind, count::int FROM incidents")).toEqual([
      { kind: "degraded", count: 10 },
    ]);
  });

  test("of an execution that the target has counted and purged: what can't be told becomes an incident", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "target-purged");
    fillLedger(from, "first", 250);
    await forward(from, to);
    const [cutoff] = read<{ at: string }>(from, "SELECT created_at AS at FROM executions WHERE id = 101");
    // As a purge on the target does.
    await queryOnce(to, `DELETE FROM executions WHERE created_at < '${cutoff?.at}Z'`);
    await queryOnce(to, `INSERT INTO ledger VALUES ('purged_before', '${cutoff?.at}')`);
    const sums = () => queryOnce(to, "SELECT sum(executions)::int AS count FROM usage_daily");

    // The ledger knows where it was: older executions that are new are counted, whatever was purged.
    fillLedger(from, "second", 150);
    expect(await forward(from, to)).toMatchObject({ forwarded: 150, rejected: 0 });
    expect(await sums()).toEqual([{ count: 400 }]);

    // Nobody knows, not of a time that another program wrote with a T either.
    read(from, "UPDATE executions SET created_at = replace(created_at, ' ', 'T') WHERE id = 1");
    await queryOnce(to, "DELETE FROM forward_sources");
    expect(await forward(from, to)).toMatchObject({ forwarded: 0, duplicates: 300, rejected: 100 });
    expect(await sums()).toEqual([{ count: 400 }]);
    const incidents = await queryOnce<{ payload: string; reason: string }>(
      to,
      "SELECT payload, reason FROM incidents WHERE kind = 'rejected'",
    );
    expect(incidents).toHaveLength(100);
    expect(incidents.map(({ payload }) => JSON.parse(payload).executionId).sort()).toEqual(
      Array.from({ length: 100 }, (_, index) => `first-${index + 1}`).sort(),
    );
    expect(incidents[0]?.reason).toContain("may already have been sent");
  });

  /** Forwards as an application does, all the time, while `meanwhile` goes on. */
  async function following(
    from: string,
    to: string,
    meanwhile: (flush: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const forwarder = new Forwarder(parseForwardOptions({ from, to, intervalMs: 5 }), {
      ...{ onOpen() {}, onDegraded() {}, onSent() {}, onBehind() {}, onRejected() {}, onNotice() {} },
      isFinal: () => true,
    });
    const ended = forwarder.run();
    await meanwhile(() => forwarder.flush());
    forwarder.stop();
    await ended;
  }

  test("when the target is restored from a backup while it is forwarded to", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "target-restored-live");
    fillLedger(from, "first", 50);
    await following(from, to, async (flush) => {
      await flush();
      const tables = ["executions", "usage_daily", "usage_daily_labels", "forward_sources"];
      for (const table of tables) await queryOnce(to, `CREATE TABLE backup_${table} AS TABLE ${table}`);
      fillLedger(from, "second", 50);
      await flush();
      const restored = tables.map(
        (table) => `INSERT INTO ${table} OVERRIDING SYSTEM VALUE TABLE backup_${table}`,
      );
      await queryOnce(to, `BEGIN; TRUNCATE ${tables.join()}; ${restored.join("; ")}; COMMIT`);
      fillLedger(from, "third", 1);
      await flush();
    });
    expect(await forwardedIds(to)).toHaveLength(101);
    await expectForwarded(to, [from]);
  });

  test("when the ledger is restored within its file while it is forwarded", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "restored-live");
    fillLedger(from, "first", 50);
    await following(from, to, async (flush) => {
      await flush();
      fillLedger(from, "gone", 50);
      await flush();
      // As `.restore` leaves it.
      using database = new Database(from);
      database.run(
        `BEGIN; DELETE FROM executions WHERE id > 50; UPDATE sqlite_sequence SET seq = 50 WHERE name = 'executions';
         UPDATE forward_targets SET last_id = 50; COMMIT`,
      );
      fillLedger(from, "second", 60);
      await flush();
    });
    expect(await forwardedIds(to)).toHaveLength(160);
    await expectExactSums(to);
  });

  test("of incidents, too, when the ledger is restored and has the same last execution", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "incidents-restored");
    fillLedger(from, "first", 5);
    await forward(from, to);
    copyFileSync(from, `${from}.backup`);
    const record = (reason: string) => {
      using store = createTelemetryStore({ dbPath: from });
      store.recordIncident({ kind: "degraded", reason });
    };
    record("before");
    expect(await forward(from, to)).toMatchObject({ incidents: 1 });
    copyFileSync(`${from}.backup`, from);
    record("after");
    expect(await forward(from, to)).toMatchObject({ incidents: 1 });
    expect(await queryOnce(to, "SELECT reason FROM incidents ORDER BY id")).toEqual([
      { reason: "before" },
      { reason: "after" },
    ]);
  });

  test("in a database whose transactions see what was there when they began", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "repeatable-read");
    fillLedger(from, "first", 100);
    await forward(from, to);
    const [, database] = /(\w+)$/.exec(to) ?? [];
    const repeatable = "default_transaction_isolation = 'repeatable read'";
    await queryOnce(to, `ALTER DATABASE ${database} SET ${repeatable}`);
    await queryOnce(
      to,
      "UPDATE forward_sources SET last_id = 0, last_execution_id = NULL, resent_up_to = 100",
    );
    // A purge that begins before they are sent again, and ends while they wait for it.
    const purge = new pg.Client({ connectionString: to });
    await purge.connect();
    await purge.query("BEGIN ISOLATION LEVEL READ COMMITTED; LOCK TABLE forward_sources IN EXCLUSIVE MODE");
    const again = forward(from, to);
    const waiting =
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while ((await queryOnce(to, waiting)).length === 0) await Bun.sleep(50);
    await purge.query(
      "INSERT INTO ledger VALUES ('purged_before', '2100-01-01 00:00:00.000'); DELETE FROM executions; COMMIT",
    );
    await purge.end();
    expect(await again).toMatchObject({ forwarded: 0, rejected: 100 });
    expect(await queryOnce(to, "SELECT sum(executions)::int AS n FROM usage_daily")).toEqual([{ n: 100 }]);
  });
});
