import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTelemetryStore, type SqliteTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { EARLIER_DESIGN, EARLIER_INSERT, read, USAGE_DAILY } from "../support/ledger";
import { filesBeside } from "../support/place";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();
let ledgers = 0;

function newLedger(fill: (store: SqliteTelemetryStore) => void = () => {}): string {
  ledgers += 1;
  const db = join(folder, `${ledgers}`, "telemetry.db");
  using store = createTelemetryStore({ dbPath: db });
  fill(store);
  return db;
}

function change(db: string, ...statements: string[]): void {
  using database = new Database(db);
  for (const statement of statements) database.run(statement);
}

/** What the doctor finds wrong or worth a note: level, check, message and remedy, in one line each. */
async function findings(db: string, ...args: string[]): Promise<{ exitCode: number; found: string[] }> {
  const { exitCode, out } = await runCli(["doctor", "--json", "--db", db, ...args]);
  const report = JSON.parse(out);
  expect(report).toMatchObject({ schema: "runledger.doctor/1", ledger: db, ok: exitCode === 0 });
  const unusual = report.findings.filter(({ level }: { level: string }) => level !== "ok");
  return {
    exitCode,
    found: unusual.map((finding: Record<string, string>) =>
      [finding["level"], finding["check"], finding["message"], finding["remedy"]].join(" | "),
    ),
  };
}

/** Replaces the first of each text, and leaves the others. */
function once(replacement: string): (text: string) => string {
  const seen = new Set<string>();
  return (text) => {
    if (seen.has(text)) return text;
    seen.add(text);
    return replacement;
  };
}

const someExecutions = (store: SqliteTelemetryStore) =>
  store.recordMany(
    Array.from({ length: 30 }, (_, index) =>
      executionCompleted({
        completedAt: Date.UTC(2026, 0, 1 + (index % 5)),
        costUsd: index / 7,
        model: `m${index % 3}`,
        labels: { team: index % 2 === 0 ? "core" : "infra" },
      }),
    ),
  );

describe("runledger doctor", () => {
  test.each([
    ["empty", () => {}],
    ["ordinary", someExecutions],
    [
      "purged",
      (store: SqliteTelemetryStore) => {
        someExecutions(store);
        store.purgeOlderThan((Date.now() - Date.UTC(2026, 0, 3, 12)) / 86_400_000);
      },
    ],
  ])("finds nothing wrong with an %s ledger, and leaves nothing beside it", async (_, fill) => {
    const db = newLedger(fill);
    const { exitCode, out, err } = await runCli(["doctor", "--db", db]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => line.slice(0, 9)),
    ).toEqual(Array(14).fill("ok       "));
    expect((await runCli(["doctor", "--quick", "--db", db])).out.trim().split("\n")).toHaveLength(11);
    expect(filesBeside(db)).toEqual(["telemetry.db"]);
  });

  test("shows levels in colours, and remedies below", async () => {
    const db = newLedger((store) => store.recordIncident({ kind: "rejected", reason: "x" }));
    const { exitCode, out } = await runCli(["doctor", "--db", db], { hasColor: true });
    expect(exitCode).toBe(1);
    expect(out).toContain(
      "\x1b[31mproblem\x1b[39m  incidents: in the last 7 days: 1 rejected\n         \x1b[2m→ runledger incidents",
    );
  });

  test.each([
    ["a row that was deleted", "DELETE FROM executions WHERE id = 1", "2026-01-01"],
    ["a cost that was changed", "UPDATE executions SET cost_usd = 99 WHERE id = 3", "2026-01-03"],
    [
      "a row that was inserted",
      "INSERT INTO executions (created_at, repo, event_type, model, conclusion, execution_id) VALUES ('2026-02-01 00:00:00', 'r', 'e', 'm', 'c', 'i')",
      "2026-02-01",
    ],
    [
      "sums that were deleted",
      "DELETE FROM usage_daily WHERE day = '2026-01-05' AND model = 'm1'",
      "2026-01-05",
    ],
    [
      "a source that was changed",
      "UPDATE executions SET usage_source = 'unknown' WHERE id = 2",
      "2026-01-02",
    ],
    ["a label that was changed", `UPDATE executions SET labels = '{"team":"x"}' WHERE id = 4`, "2026-01-04"],
    [
      "sums by label that were changed",
      "UPDATE usage_daily_labels SET failed_cost_usd = 1 WHERE day = '2026-01-05' AND value = 'core'",
      "2026-01-05",
    ],
  ])("finds %s by the sums of its day", async (_, statement, day) => {
    const db = newLedger(someExecutions);
    change(db, statement);
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(1);
    expect(found).toEqual([
      expect.stringMatching(/^problem \| sums per day \| not what the rows add up to, in 1 day of \d: /),
    ]);
    expect(found[0]).toContain(`: ${day} | Something else than Runledger`);
    expect((await findings(db, "--quick")).exitCode).toBe(0);
  });

  test("finds nothing wrong with a label that has more values than are summed by themselves", async () => {
    const crowd = (team: number) =>
      executionCompleted({ labels: { team: `${team}` }, completedAt: "2026-01-01T00:00:00Z" });
    const db = newLedger((store) => {
      store.recordMany(Array.from({ length: 1_005 }, (_, index) => crowd(index)));
    });
    expect(await findings(db)).toMatchObject({ exitCode: 0 });
    change(db, "UPDATE usage_daily_labels SET executions = executions + 1 WHERE value = '(other)'");
    expect(await findings(db)).toMatchObject({ exitCode: 1 });
  });

  test("finds rows that were not adopted, and a checkpoint that adopts them is the remedy", async () => {
    const db = newLedger(someExecutions);
    change(
      db,
      "INSERT INTO executions (repo, event_type, model, conclusion, cost_usd) VALUES ('r', 'e', 'm', 'c', 1)",
    );
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(0);
    expect(found).toEqual([
      expect.stringContaining(
        "note | rows of older programs | 1 row of an older program not in the sums per day yet",
      ),
    ]);
    await runCli(["checkpoint", "--db", db]);
    expect(await findings(db)).toEqual({ exitCode: 0, found: [] });
  });

  test("finds a missing index, and the remedy makes it", async () => {
    const db = newLedger(someExecutions);
    change(db, "DROP INDEX idx_executions_repo", "DROP INDEX idx_executions_execution_id");
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(1);
    expect(found[0]).toStartWith("problem | indexes | missing on repo, execution_id | sqlite3 ");
    const [, statements = ""] = /'(.*)'/.exec(found[0] ?? "") ?? [];
    change(db, ...statements.split(";").filter((statement) => statement.trim() !== ""));
    expect((await findings(db)).exitCode).toBe(0);
  });

  test("finds a missing table, and the remedy puts it back, with its sums", async () => {
    const db = newLedger(someExecutions);
    const before = read(db, USAGE_DAILY);
    change(db, "DROP TABLE usage_daily");
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(1);
    expect(found.join("\n")).toContain(`runledger checkpoint --db ${db}`);
    expect((await runCli(["checkpoint", "--db", db])).exitCode).toBe(0);
    expect((await findings(db)).exitCode).toBe(0);
    expect(read(db, USAGE_DAILY)).toEqual(before);
  });

  test("finds what a ledger held that was replaced while it was open", async () => {
    const db = newLedger(someExecutions);
    copyFileSync(db, `${db}.rescued-0193`);
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(0);
    expect(found).toEqual([
      `note | rescued files | 1 beside the ledger: what was in it when its file was replaced | runledger export --db ${db}.rescued-0193 | runledger import - --db ${db}, if it is missing there; then remove the file.`,
    ]);
  });

  test("finds damage", async () => {
    const db = newLedger((store) => {
      store.recordMany(Array.from({ length: 500 }, () => executionCompleted()));
    });
    const bytes = readFileSync(db);
    bytes.fill(0x5a, 4096 * 12, 4096 * 14);
    writeFileSync(db, bytes);
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(1);
    expect(found.some((line) => line.startsWith("problem | integrity | "))).toBe(true);
  });

  test("tells some of many errors", async () => {
    const db = newLedger((store) => {
      const repos = Array.from({ length: 30 }, (_, index) => `octo-org/repo-${10 + index}`);
      store.recordMany(repos.map((repo) => executionCompleted({ repo })));
    });
    // Of each name, which is in the row, in the index and in the sums, one place says something else.
    writeFileSync(
      db,
      readFileSync(db)
        .toString("latin1")
        .replace(/octo-org\/repo-\d\d/g, once("octo-org/none-00")),
      "latin1",
    );
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(1);
    expect(found[0]).toMatch(
      /^problem \| integrity \| \d\d errors: (row \d+ missing from index \w+(; )?){3} \| Restore/,
    );
  });

  test("finds that a file is no ledger, or cut, or of another schema", async () => {
    const broken = newLedger(someExecutions);
    truncateSync(broken, 100);
    expect((await findings(broken)).found).toEqual([expect.stringMatching(/^problem \| opening \| /)]);
    const newer = newLedger();
    change(newer, "PRAGMA user_version = 99");
    expect((await findings(newer)).found).toEqual([
      expect.stringMatching(/schema version 99.* \| Update runledger\.$/),
    ]);
    const nowhere = await runCli(["doctor", "--db", join(folder, "nowhere.db"), "--json"]);
    expect(nowhere).toMatchObject({ exitCode: 1, out: "" });
    expect(JSON.parse(nowhere.err).error.code).toBe("LEDGER_NOT_FOUND");
  });

  test("finds files that others can read, and the remedy closes them", async () => {
    const db = newLedger();
    chmodSync(db, 0o644);
    const { exitCode, found } = await findings(db);
    expect({ exitCode, found }).toEqual({
      exitCode: 1,
      found: [`problem | permissions | others than its owner can read ${db} | chmod 600 ${db}`],
    });
    chmodSync(db, 0o600);
    expect((await findings(db)).exitCode).toBe(0);
  });

  test("leaves files alone that are no ledgers", async () => {
    const foreign = join(folder, "foreign.db");
    change(foreign, "CREATE TABLE songs (title TEXT)");
    chmodSync(foreign, 0o644);
    for (const path of [foreign, folder]) {
      const { exitCode, found } = await findings(path);
      expect(exitCode).toBe(1);
      expect(found).toEqual([expect.stringMatching(/^problem \| opening \| /)]);
    }
  });

  test("has remedies that can be copied into a shell, whatever the path is", async () => {
    const db = join(folder, 'it\'s my "$HOME" ledger.db');
    createTelemetryStore({ dbPath: db }).close();
    chmodSync(db, 0o644);
    const { found } = await findings(db);
    const remedy = found[0]?.split(" | ").at(-1) ?? "";
    expect(remedy).toStartWith("chmod 600 '");
    expect(Bun.spawnSync(["sh", "-c", remedy]).success).toBe(true);
    expect(await findings(db)).toEqual({ exitCode: 0, found: [] });
  });

  test("finds spilled records", async () => {
    const db = newLedger();
    writeFileSync(`${db}.spill.jsonl`, `\n${JSON.stringify(executionCompleted())}\n`, { mode: 0o600 });
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(1);
    expect(found).toEqual([
      expect.stringMatching(/^problem \| spill files \| \d+ B of records wait in .*\.spill\.jsonl \| /),
    ]);
    expect(found[0]).toContain(`runledger import ${db}.spill.jsonl --db ${db}, then`);
    expect((await runCli(["import", `${db}.spill.jsonl`, "--db", db])).out).toStartWith("1 read: 1 written");
  });

  test("finds incidents of the last days", async () => {
    const db = newLedger((store) => {
      store.recordIncident({ kind: "spilled", reason: "x", count: 1_200 });
    });
    expect(await findings(db)).toEqual({
      exitCode: 0,
      found: [expect.stringMatching(/^note \| incidents \| in the last 7 days: 1,200 spilled \| /)],
    });
    change(db, "INSERT INTO incidents (at, kind, reason) VALUES (datetime('now'), 'dropped', 'x')");
    expect((await findings(db)).found).toEqual([
      expect.stringContaining("problem | incidents | in the last 7 days: 1 dropped, 1,200 spilled"),
    ]);
    change(db, "UPDATE incidents SET at = '2026-01-01 00:00:00.000'");
    expect(await findings(db)).toEqual({ exitCode: 0, found: [] });
  });

  test("finds a reader that holds the log back, not one that is done", async () => {
    const db = newLedger(someExecutions);
    using store = createTelemetryStore({ dbPath: db });
    using reader = new Database(db);
    reader.run("BEGIN");
    reader.query("SELECT * FROM executions").all();
    someExecutions(store);
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(1);
    expect(found).toEqual([
      expect.stringMatching(/^problem \| readers \| a program that reads holds back \d+ pages .* \| .*lsof/),
    ]);
    reader.run("ROLLBACK");
    expect(await findings(db)).toEqual({ exitCode: 0, found: [] });
  });

  test("notes many free pages, and a large log", async () => {
    const db = newLedger();
    change(
      db,
      "CREATE TABLE filler (a)",
      "INSERT INTO filler VALUES (zeroblob(20000000))",
      "DROP TABLE filler",
    );
    expect((await findings(db)).found).toEqual([
      expect.stringMatching(/^note \| free pages \| 2\d\.\d MB of 2\d\.\d MB are free \| runledger purge/),
    ]);
    await runCli(["purge", "--older-than", "3650d", "--db", db]);
    expect((await findings(db)).found).toEqual([]);
    using store = createTelemetryStore({ dbPath: db });
    store.record(executionCompleted());
    truncateSync(`${db}-wal`, 70_000_000);
    expect((await findings(db)).found).toEqual([
      expect.stringMatching(/^note \| write-ahead log \| 70\.0 MB, which is much \| /),
    ]);
  });

  test("reads the earlier design as it is", async () => {
    mkdirSync(join(folder, "earlier"));
    const db = join(folder, "earlier", "telemetry.db");
    change(
      db,
      EARLIER_DESIGN,
      "CREATE TABLE filler (a)",
      "INSERT INTO filler VALUES (zeroblob(20000000))",
      "DROP TABLE filler",
    );
    using database = new Database(db);
    database.run(EARLIER_INSERT, [
      null,
      "o/r",
      7,
      "push",
      "anthropic",
      "m",
      10,
      20,
      0,
      0,
      5,
      0.5,
      "success",
      "s",
      1,
      null,
    ]);
    chmodSync(db, 0o600);
    const before = readFileSync(db);
    const { exitCode, found } = await findings(db);
    expect(exitCode).toBe(0);
    expect(found).toEqual([
      expect.stringMatching(/^note \| schema \| the earlier one-table design: .* \| runledger checkpoint/),
      expect.stringMatching(/^note \| integrity \| not checked/),
      expect.stringMatching(/^note \| free pages \| .* VACUUM$/),
    ]);
    expect(readFileSync(db)).toEqual(before);
  });
});
