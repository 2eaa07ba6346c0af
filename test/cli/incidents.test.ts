import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import type { Incident } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { EARLIER_DESIGN, read } from "../support/ledger";
import { countRows, flawsOf } from "../support/place";
import { tempDir } from "../support/temp-dir";

const VALID = { repo: "octo-org/octo-repo", eventType: "push", model: "m", conclusion: "success" };
const folder = tempDir();
let ledgers = 0;

function ledgerWith(...incidents: Incident[]): string {
  ledgers += 1;
  const db = join(folder, `${ledgers}.db`);
  using store = createTelemetryStore({ dbPath: db });
  for (const incident of incidents) store.recordIncident(incident);
  return db;
}

const rejected = (payload: string | undefined): Incident => ({
  kind: "rejected",
  reason: "it was refused",
  payload,
});
const countIncidents = (db: string) => read(db, "SELECT id FROM incidents").length;

describe("runledger incidents", () => {
  test("lists them, newest first, as a table and as JSON lines", async () => {
    const db = ledgerWith(
      rejected("{}"),
      { kind: "spilled", reason: "memory was full", count: 1_234 },
      { kind: "degraded", reason: "the disk was \u001b[2J full" },
    );
    const table = (await runCli(["incidents", "--db", db])).out.split("\n");
    expect(table[0]).toBe("id  at (UTC)          kind      count  reason");
    expect(table[2]).toMatch(/^ 3 {2}20.* degraded {6}1 {2}the disk was \\u\{1b\}\[2J full$/);
    expect(table[3]).toMatch(/ spilled +1,234 {2}memory was full$/);
    expect((await runCli(["incidents", "--db", db], { hasColor: true })).out).toContain("\x1b[31mrejected");

    const lines = (await runCli(["incidents", "--json", "--db", db])).out.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        id: 3,
        at: expect.stringMatching(/T.*Z$/),
        kind: "degraded",
        count: 1,
        reason: "the disk was \u001b[2J full",
        payload: null,
      },
      {
        id: 2,
        at: expect.any(String),
        kind: "spilled",
        count: 1_234,
        reason: "memory was full",
        payload: null,
      },
      { id: 1, at: expect.any(String), kind: "rejected", count: 1, reason: "it was refused", payload: "{}" },
    ]);
    expect((await runCli(["incidents", "--kind", "spilled", "--json", "--db", db])).out).toBe(
      `${lines[1]}\n`,
    );
  });

  test("lists fifty of many, and as many as it is told", async () => {
    const db = ledgerWith(...Array.from({ length: 450 }, (_, index) => rejected(`${index}`)));
    const idsOf = async (...args: string[]) =>
      (await runCli(["incidents", "--json", "--db", db, ...args])).out.match(/"id":\d+/g)?.length;
    expect((await runCli(["incidents", "--db", db])).out.match(/rejected/g)).toHaveLength(50);
    expect(await idsOf()).toBe(450);
    expect(await idsOf("--limit", "201")).toBe(201);
  });

  test("of none says so; the earlier design has none", async () => {
    expect((await runCli(["incidents", "--db", ledgerWith()])).out).toBe("No incidents.\n");
    const earlier = join(folder, "earlier.db");
    using database = new Database(earlier);
    database.run(EARLIER_DESIGN);
    expect((await runCli(["incidents", "--db", earlier])).out).toBe("No incidents.\n");
  });
});

describe("runledger incidents --retry", () => {
  test("stores what is valid by now and forgets the incident; what still fails stays", async () => {
    const db = ledgerWith(
      rejected(JSON.stringify({ ...VALID, executionId: "one", costUsd: 1 })),
      rejected(JSON.stringify({ ...VALID, executionId: "one", costUsd: 1 })),
      rejected(JSON.stringify(VALID)),
      rejected('{"cut'),
      rejected(undefined),
      { kind: "spilled", reason: "not to be tried", payload: JSON.stringify(VALID) },
    );
    const dry = await runCli(["incidents", "--retry", "--dry-run", "--db", db]);
    expect(dry).toMatchObject({ exitCode: 1, out: "5 tried: 3 valid by now, 2 not\nNothing was written.\n" });
    expect(countRows(db)).toBe(0);

    const { exitCode, out, err } = await runCli(["incidents", "--retry", "--db", db]);
    expect(exitCode).toBe(1);
    expect(out).toBe("5 tried: 2 stored, 1 duplicates, 2 still rejected\n");
    expect(err.trim().split("\n")).toEqual([
      'incident 4: Invalid record: expected an object, received the string "{\\"cut".',
      "incident 5: Invalid record: expected an object, received null.",
    ]);
    expect(read(db, "SELECT id FROM incidents ORDER BY id")).toEqual([{ id: 4 }, { id: 5 }, { id: 6 }]);
    expect(countRows(db)).toBe(2);
    expect(flawsOf(db)).toEqual([]);

    const again = await runCli(["incidents", "--retry", "--json", "--db", db]);
    expect(JSON.parse(again.out)).toEqual({ stored: 0, duplicates: 0, failed: 2 });
  });

  test("--dry-run, too, refuses what may have been counted and purged already", async () => {
    const old = (executionId: string) => rejected(JSON.stringify({ ...VALID, executionId, completedAt: 0 }));
    const db = ledgerWith(old("gone"), old("there"));
    read(db, "INSERT INTO ledger VALUES ('purged_before', '2020-01-01 00:00:00.000')");
    {
      using store = createTelemetryStore({ dbPath: db });
      store.record(executionCompleted({ executionId: "there" }));
    }
    const dry = ["incidents", "--retry", "--dry-run", "--db", db];
    expect(await runCli(dry)).toMatchObject({
      exitCode: 1,
      out: "2 tried: 1 valid by now, 1 not\nNothing was written.\n",
      err: "incident 1: It completed at 1970-01-01 00:00:00.000, before the last purge.\n",
    });
    expect((await runCli([...dry, "--beyond-retention"])).out).toStartWith("2 tried: 2 valid by now, 0 not");
    expect((await runCli(["incidents", "--retry", "--db", db])).out).toBe(
      "2 tried: 0 stored, 1 duplicates, 1 still rejected\n",
    );
  });

  test("dates what has no time of its own at the time of its incident", async () => {
    const db = ledgerWith(rejected(JSON.stringify(VALID)));
    using database = new Database(db);
    database.run("UPDATE incidents SET at = '2026-01-02 03:04:05.678'");
    expect((await runCli(["incidents", "--retry", "--db", db])).exitCode).toBe(0);
    expect(read(db, "SELECT created_at FROM executions")).toEqual([
      { created_at: "2026-01-02 03:04:05.678" },
    ]);
  });

  test("is what mends a rule of the database that was wrong", async () => {
    const db = ledgerWith(
      rejected(JSON.stringify(VALID)),
      rejected(JSON.stringify({ ...VALID, repo: "o/other" })),
    );
    using database = new Database(db);
    database.run(`CREATE TRIGGER only_ours BEFORE INSERT ON executions WHEN new.repo <> 'octo-org/octo-repo'
      BEGIN SELECT RAISE(ABORT, 'not ours'); END`);
    const refused = await runCli(["incidents", "--retry", "--db", db]);
    expect(refused).toMatchObject({ exitCode: 1, err: "incident 2: not ours\n" });
    expect(refused.out).toBe("2 tried: 1 stored, 0 duplicates, 1 still rejected\n");
    database.run("DROP TRIGGER only_ours");
    expect((await runCli(["incidents", "--retry", "--db", db])).exitCode).toBe(0);
    expect(countIncidents(db)).toBe(0);
    expect(flawsOf(db)).toEqual([]);
  });

  test("adds what is beyond the retention only when it is told to", async () => {
    const db = ledgerWith(rejected(JSON.stringify({ ...VALID, completedAt: "2019-01-01T00:00:00Z" })));
    using store = createTelemetryStore({ dbPath: db });
    store.record({ ...VALID, completedAt: "2020-01-01T00:00:00Z" });
    store.purgeOlderThan(90);
    const refused = await runCli(["incidents", "--retry", "--db", db]);
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toContain("before 2020-01-01 00:00:00.001, up to which the ledger was purged");
    expect(await runCli(["incidents", "--retry", "--beyond-retention", "--db", db])).toMatchObject({
      exitCode: 0,
    });
    expect(countRows(db)).toBe(1);
    expect(countIncidents(db)).toBe(0);
  });

  test("tells twenty of many failures", async () => {
    const db = ledgerWith(...Array.from({ length: 30 }, () => rejected("x")));
    const { out, err } = await runCli(["incidents", "--retry", "--db", db]);
    expect(out).toStartWith("30 tried: 0 stored");
    expect(err.trim().split("\n")).toHaveLength(20);
  });

  test("ends when the ledger can't be written", async () => {
    const db = ledgerWith(rejected(JSON.stringify(VALID)));
    using database = new Database(db);
    database.run("DROP TABLE usage_daily");
    database.run("CREATE VIEW usage_daily AS SELECT 1");
    const { exitCode, err } = await runCli(["incidents", "--retry", "--db", db]);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^runledger: .*view.*\n$/);
    expect(countIncidents(db)).toBe(1);
  });
});
