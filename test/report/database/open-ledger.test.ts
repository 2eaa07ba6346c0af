import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SCHEMA_VERSION } from "../../../src/ledger/migrations";
import { createTelemetryStore } from "../../../src/ledger/store";
import { openLedger } from "../../../src/report/database/open-ledger";
import { executionsOf } from "../../../src/report/executions";
import { usageReport } from "../../../src/report/usage-report";
import { executionCompleted } from "../../../src/testing";
import { EARLIER_DESIGN, EARLIER_INSERT } from "../../support/ledger";
import { startScript } from "../../support/run-script";
import { tempDir } from "../../support/temp-dir";
import { thrownBy } from "../../support/thrown-by";

const dir = tempDir();
let places = 0;
function newPath(): string {
  places += 1;
  const folder = join(dir, `${places}`);
  mkdirSync(folder);
  return join(folder, "telemetry.db");
}

/** A ledger of so many executions, each of which cost a dollar. */
function makeLedger(rows: number, dbPath = newPath()): string {
  using store = createTelemetryStore({ dbPath });
  store.recordMany(Array.from({ length: rows }, () => executionCompleted({ costUsd: 1 })));
  return dbPath;
}

function makeEarlier(journalMode: "WAL" | "DELETE"): string {
  const dbPath = newPath();
  using database = new Database(dbPath);
  database.run(`PRAGMA journal_mode = ${journalMode}`);
  database.run(EARLIER_DESIGN);
  using insert = database.prepare(EARLIER_INSERT);
  const names = (repo: string) => ["delivery", repo, 7, "push", "anthropic", "m"];
  insert.run(...names("o/known"), 10, 2, 0, 0, 1000, 0.5, "success", null, 3, "end_turn");
  insert.run(...names("o/unknown"), 0, 0, 0, 0, 0, 0, "failure", null, null, null);
  return dbPath;
}

const filesBeside = (dbPath: string) => readdirSync(dirname(dbPath));

/** The executions in a ledger, as a report counts them. */
async function countIn(dbPath: string): Promise<number> {
  await using ledger = await openLedger(dbPath);
  const { totals } = await usageReport(ledger);
  return totals.executions;
}

describe("what is no ledger is refused and left as it is:", () => {
  test("a path where nothing is", async () => {
    const dbPath = newPath();
    const error = await thrownBy(() => openLedger(dbPath));
    expect(error.code).toBe("LEDGER_NOT_FOUND");
    expect(error.message).toContain(dbPath);
    expect(filesBeside(dbPath)).toEqual([]);
  });

  test.each([
    ["an empty file", "", "LEDGER_NOT_FOUND"],
    ["a text", "no database".repeat(1000), "OPEN_FAILED"],
  ])("%s", async (_, content, code) => {
    const dbPath = newPath();
    writeFileSync(dbPath, content);
    expect((await thrownBy(() => openLedger(dbPath))).code).toBe(code as "OPEN_FAILED");
    expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
    expect(readFileSync(dbPath, "utf8")).toBe(content);
  });

  test("a folder", async () => {
    const { code, hint } = await thrownBy(() => openLedger(dir));
    expect(code).toBe("OPEN_FAILED");
    expect(hint).toBe("Name a file in it.");
  });

  test.each(["CREATE TABLE songs (title TEXT)", "CREATE TABLE executions (id INTEGER, prisoner TEXT)"])(
    "another program's database: %s",
    async (sql) => {
      const dbPath = newPath();
      new Database(dbPath).run(sql);
      const { code, message } = await thrownBy(() => openLedger(dbPath));
      expect(code).toBe("OPEN_FAILED");
      expect(message).toContain("another program");
    },
  );

  test.each([
    ["mysql://reader:s3cret@db.example/ledger", "mysql://"],
    ["https://db.example/?password=s3cret", "https://"],
    [" telemetry.db", " telemetry.db"],
    ["", '""'],
    [undefined, "nothing"],
  ])("%p, and no password is shown", async (path, shown) => {
    const { code, message } = await thrownBy(() => openLedger(path as string));
    expect(code).toBe("INVALID_ARGUMENT");
    expect(message).toContain(shown);
    expect(message).not.toContain("s3cret");
  });
});

test("a server that is not there is said so, without the password", async () => {
  const error = await thrownBy(() => openLedger("postgres://reader:s3cret@127.0.0.1:1/ledger"));
  expect(error).toMatchObject({ code: "OPEN_FAILED", hint: expect.stringContaining("Nobody listens there") });
  expect(Bun.inspect(error)).not.toContain("s3cret");
});

describe("by its schema version", () => {
  function withVersion(version: number): string {
    const dbPath = makeLedger(1);
    using database = new Database(dbPath);
    database.run(`PRAGMA user_version = ${version}`);
    return dbPath;
  }

  test("a ledger of an older Runledger is refused, with the remedy", async () => {
    const dbPath = withVersion(SCHEMA_VERSION - 1);
    const { code, hint } = await thrownBy(() => openLedger(dbPath));
    expect(code).toBe("SCHEMA_TOO_OLD");
    expect(hint).toContain(`runledger checkpoint --db ${dbPath}`);
  });

  test("a ledger of a newer Runledger is refused", async () => {
    const { code, hint } = await thrownBy(() => openLedger(withVersion(SCHEMA_VERSION + 1)));
    expect(code).toBe("SCHEMA_TOO_NEW");
    expect(hint).toBe("Update runledger.");
  });
});

test("a ledger says where it was opened, and is not written through", async () => {
  const dbPath = makeLedger(3);
  await using ledger = await openLedger(dbPath);
  expect(ledger).toMatchObject({ location: dbPath, hasRollups: true });
  await expect(ledger.db.deleteFrom("executions").execute()).rejects.toThrow("readonly");
  await expect(ledger.db.schema.dropTable("usage_daily").execute()).rejects.toThrow("readonly");
});

test("a closed ledger is not read, and can be closed again", async () => {
  const ledger = await openLedger(makeLedger(1));
  await usageReport(ledger);
  await ledger.close();
  await ledger.close();
  expect((await thrownBy(() => usageReport(ledger))).code).toBe("CLOSED");
});

describe.each(["WAL", "DELETE"] as const)("a database of the earlier design (journal %s)", (journalMode) => {
  test("is read as it is, and stays byte for byte", async () => {
    const dbPath = makeEarlier(journalMode);
    const bytes = readFileSync(dbPath);
    {
      await using ledger = await openLedger(dbPath);
      expect(ledger.hasRollups).toBe(false);
      const report = await usageReport(ledger, { by: ["repo"] });
      expect(report.groups).toMatchObject([
        { repo: "o/known", executions: 1, costUsd: 0.5, numTurns: 3, withoutCost: 0, withoutUsage: 0 },
        { repo: "o/unknown", executions: 1, costUsd: 0, numTurns: 0, withoutCost: 1, withoutUsage: 1 },
      ]);
      expect(report.notes).toEqual([expect.stringContaining("earlier one-table design")]);
      const [rows] = await Array.fromAsync(executionsOf(ledger, {}, { order: "oldest" }));
      expect(rows).toMatchObject([
        { id: 1, execution_id: null, num_turns: 3, usage_source: "reported", cost_source: "reported" },
        { id: 2, execution_id: null, num_turns: 0, usage_source: "unknown", cost_source: "unknown" },
      ]);
    }
    expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
    expect(readFileSync(dbPath).equals(bytes)).toBe(true);
  });

  test("has the tables of a ledger", async () => {
    await using ledger = await openLedger(makeEarlier(journalMode));
    const { db } = ledger;
    expect(await db.selectFrom("usage_daily").selectAll().orderBy("repo").execute()).toMatchObject([
      { repo: "o/known", executions: 1, cost_usd: 0.5, without_cost: 0, estimated_cost_usd: 0 },
      { repo: "o/unknown", executions: 1, cost_usd: 0, without_cost: 1 },
    ]);
    for (const table of ["incidents", "ledger", "forward_targets"] as const) {
      expect(await db.selectFrom(table).selectAll().execute()).toEqual([]);
    }
    await expect(db.deleteFrom("executions").execute()).rejects.toThrow();
  });
});

/** The files of a ledger, as they are while it is open, or after a crash. */
function crashed(rows: number, suffixes: readonly string[]): string {
  const open = newPath();
  makeLedger(0, open);
  using store = createTelemetryStore({ dbPath: open });
  store.recordMany(Array.from({ length: rows }, () => executionCompleted()));
  const dbPath = newPath();
  for (const suffix of suffixes) copyFileSync(open + suffix, dbPath + suffix);
  return dbPath;
}

test("what only the -wal has after a crash is read too, and no file is left beside the ledger", async () => {
  const dbPath = crashed(5, ["", "-wal"]);
  expect(await countIn(dbPath)).toBe(5);
  expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
});

// Root may read and write everything; without these capabilities it is a user like any other.
const CAPABILITIES = "-dac_override,-dac_read_search";
const UNPRIVILEGED =
  process.getuid?.() === 0 ? ["setpriv", `--bounding-set=${CAPABILITIES}`, `--inh-caps=${CAPABILITIES}`] : [];
const canBeUnprivileged = UNPRIVILEGED.length === 0 || Bun.which("setpriv") !== null;

async function totalsByUnprivileged(dbPath: string): Promise<Record<string, unknown>> {
  const { finished } = startScript("report-totals.ts", [dbPath], {}, UNPRIVILEGED);
  return JSON.parse((await finished).stdout);
}

describe.skipIf(!canBeUnprivileged)("in a folder that may not be written (needs setpriv as root),", () => {
  async function readLocked(dbPath: string): Promise<Record<string, unknown>> {
    chmodSync(dbPath, 0o444);
    chmodSync(dirname(dbPath), 0o555);
    try {
      return await totalsByUnprivileged(dbPath);
    } finally {
      chmodSync(dirname(dbPath), 0o755);
    }
  }

  test("a ledger is read, and no file is left beside it", async () => {
    const dbPath = makeLedger(4);
    expect(await readLocked(dbPath)).toMatchObject({ executions: 4, costUsd: 4 });
    expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
  });

  test.each(["WAL", "DELETE"] as const)(
    "a database of the earlier design (journal %s) too",
    async (journalMode) => {
      expect(await readLocked(makeEarlier(journalMode))).toMatchObject({ executions: 2, costUsd: 0.5 });
    },
  );

  test("a file that may not be written, in a folder that may, gets no files beside it", async () => {
    const dbPath = makeLedger(4);
    chmodSync(dbPath, 0o444);
    expect(await totalsByUnprivileged(dbPath)).toMatchObject({ executions: 4 });
    expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
  });

  test("also while an application writes it", async () => {
    const dbPath = newPath();
    using store = createTelemetryStore({ dbPath });
    store.record(executionCompleted());
    expect(await readLocked(dbPath)).toMatchObject({ executions: 1 });
    store.record(executionCompleted());
    expect(await readLocked(dbPath)).toMatchObject({ executions: 2 });
  });

  test("what a crash left in the -wal is read, with the -shm that a crash leaves too", async () => {
    expect(await readLocked(crashed(5, ["", "-wal", "-shm"]))).toMatchObject({ executions: 5 });
  });

  test("without the -shm it is refused, with the remedy, rather than left out", async () => {
    const error = await readLocked(crashed(5, ["", "-wal"]));
    expect(error).toMatchObject({
      code: "OPEN_FAILED",
      hint: expect.stringContaining("folder that is writable"),
    });
  });

  test("a ledger that may not be read is refused", async () => {
    const dbPath = makeLedger(1);
    chmodSync(dbPath, 0o000);
    expect(await totalsByUnprivileged(dbPath)).toMatchObject({
      code: "OPEN_FAILED",
      hint: expect.stringContaining("may read"),
    });
  });
});

const mounted = newPath();
const canMount =
  process.getuid?.() === 0 &&
  Bun.which("mount") !== null &&
  Bun.spawnSync(["mount", "--bind", dirname(mounted), dirname(mounted)]).success &&
  Bun.spawnSync(["umount", dirname(mounted)]).success;

test.skipIf(!canMount)(
  "on a file system that is read-only a ledger is read (needs mount as root)",
  async () => {
    makeLedger(4, mounted);
    const folder = dirname(mounted);
    Bun.spawnSync(["mount", "--bind", folder, folder]);
    Bun.spawnSync(["mount", "-o", "remount,ro,bind", folder]);
    try {
      expect(() => writeFileSync(join(folder, "x"), "")).toThrow("EROFS");
      expect(await countIn(mounted)).toBe(4);
      expect(filesBeside(mounted)).toEqual(["telemetry.db"]);
    } finally {
      Bun.spawnSync(["umount", folder]);
    }
  },
);
