import { Database } from "bun:sqlite";
import { beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { RunledgerError } from "../../src/errors";
import { SCHEMA_VERSION } from "../../src/ledger/schema";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { tries } from "../support/effort";
import { EARLIER_DESIGN, read, USAGE_DAILY, USAGE_FROM_EXECUTIONS } from "../support/ledger";
import { runScript, type ScriptResult, startScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
let dbPath = "";
let files = 0;
beforeEach(() => {
  files += 1;
  dbPath = join(dir, `${files}`, "telemetry.db");
  mkdirSync(dirname(dbPath));
});

function failureToOpen(path = dbPath): RunledgerError {
  try {
    createTelemetryStore({ dbPath: path }).close();
  } catch (error) {
    if (error instanceof RunledgerError) return error;
    throw error;
  }
  throw new Error(`${path} was opened`);
}

const PROCESSES = tries(10, 20);

test(`${PROCESSES} processes that open the same new path at once all succeed`, async () => {
  const startMs = Date.now() + 1500;
  const results = await Promise.all(
    Array.from({ length: PROCESSES }, () => runScript("open-and-record.ts", [dbPath, `${startMs}`])),
  );
  expect(results.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
  expect(read(dbPath, "SELECT count(*) AS n FROM executions")).toEqual([{ n: PROCESSES }]);
  expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily")).toEqual([{ n: PROCESSES }]);
  expect(read(dbPath, "SELECT count(*) AS n FROM ledger WHERE key = 'id'")).toEqual([{ n: 1 }]);
  expect(read(dbPath, "PRAGMA auto_vacuum")).toEqual([{ auto_vacuum: 2 }]);
});

describe("a database of the earlier one-table design", () => {
  const earlierProgram = async (rows: number): Promise<Record<string, unknown>[]> => {
    const result: ScriptResult = await runScript("earlier-program.ts", [dbPath, `${rows}`]);
    expect(result.stderr).toBe("");
    return JSON.parse(result.stdout);
  };

  test("keeps every row and id, and gets the new columns and sums", async () => {
    const before = await earlierProgram(10);
    createTelemetryStore({ dbPath }).close();
    const after = read(dbPath, "SELECT * FROM executions ORDER BY id");
    expect(
      after.map(
        ({ execution_id: _, usage_source: __, cost_source: ___, labels: ____, ...earlier }) => earlier,
      ),
    ).toEqual(before);
    expect(new Set(after.map(({ execution_id }) => execution_id)).size).toBe(10);
    expect(after.map(({ usage_source, cost_source }) => `${usage_source} ${cost_source}`)).toEqual(
      before.map(({ cost_usd }) => (cost_usd === 0 ? "unknown unknown" : "reported reported")),
    );
    expect(
      read(
        dbPath,
        "SELECT sum(executions) AS n, sum(cost_usd) AS usd, sum(without_cost) AS none FROM usage_daily",
      ),
    ).toEqual([{ n: 10, usd: 2.5, none: 5 }]);
    expect(read(dbPath, "PRAGMA user_version")).toEqual([{ user_version: SCHEMA_VERSION }]);
  });

  test("still serves the earlier program, whose rows are adopted at the next open", async () => {
    await earlierProgram(3);
    {
      using store = createTelemetryStore({ dbPath });
      store.record(executionCompleted({ executionId: "ours" }));
    }
    const seen = await earlierProgram(4);
    expect(seen).toHaveLength(8);
    expect(seen.filter(({ execution_id }) => execution_id === null)).toHaveLength(4);
    const identified = seen.filter(({ execution_id }) => execution_id !== null);
    createTelemetryStore({ dbPath }).close();
    expect(read(dbPath, "SELECT count(*) AS n FROM executions WHERE execution_id IS NULL")).toEqual([
      { n: 0 },
    ]);
    expect(read(dbPath, "SELECT * FROM executions ORDER BY id")).toMatchObject(
      seen.map((row) => (row["execution_id"] === null ? { id: row["id"] } : row)),
    );
    expect(identified).toHaveLength(4);
    const asNumbers = (sql: string) =>
      read(dbPath, sql).map((row) => ({ ...row, num_turns: Number(row["num_turns"] ?? 0) }));
    expect(asNumbers(USAGE_DAILY)).toEqual(asNumbers(USAGE_FROM_EXECUTIONS));
  });

  test("with no rows opens too", async () => {
    await earlierProgram(0);
    using store = createTelemetryStore({ dbPath });
    store.record(executionCompleted());
    expect(read(dbPath, "SELECT executions FROM usage_daily")).toEqual([{ executions: 1 }]);
  });
});

describe("a ledger is recognised by its tables, whatever its version says:", () => {
  function makeLedger(): void {
    using store = createTelemetryStore({ dbPath });
    for (const costSource of ["estimated", "reported"] as const)
      store.record(executionCompleted({ executionId: costSource, repo: "o/r", costUsd: 0.5, costSource }));
    store.record({
      repo: "o/r",
      eventType: "push",
      model: "m",
      conclusion: "success",
      executionId: "unknown",
    });
  }

  /** Opens it, records a duplicate and something new, and looks whether all of it is there. */
  function expectWhole(): void {
    {
      using store = createTelemetryStore({ dbPath });
      store.record(executionCompleted({ executionId: "reported" }));
      store.record(executionCompleted({ executionId: "after" }));
    }
    expect(read(dbPath, "PRAGMA user_version")).toEqual([{ user_version: SCHEMA_VERSION }]);
    expect(read(dbPath, "SELECT execution_id FROM executions ORDER BY id")).toEqual(
      ["estimated", "reported", "unknown", "after"].map((execution_id) => ({ execution_id })),
    );
    expect(read(dbPath, USAGE_DAILY)).toEqual(read(dbPath, USAGE_FROM_EXECUTIONS));
    expect(indexNames(dbPath)).toEqual([
      "idx_executions_created_at",
      "idx_executions_execution_id",
      "idx_executions_repo",
    ]);
  }

  test("read in again from a dump, which loses the version", () => {
    makeLedger();
    const copy = join(tempDir(), "copy.db");
    readDump(dumpOf(dbPath), copy);
    dbPath = copy;
    expect(read(dbPath, "PRAGMA user_version")).toEqual([{ user_version: 0 }]);
    expectWhole();
  });

  test.each([
    "PRAGMA user_version = 0",
    "DROP INDEX idx_executions_execution_id",
    "DROP TABLE forward_targets",
    "DROP TABLE incidents",
    "DROP TABLE usage_daily",
    "ALTER TABLE forward_targets DROP COLUMN identity",
    "DELETE FROM ledger",
  ])("after %s", (damage) => {
    makeLedger();
    {
      using database = new Database(dbPath);
      database.run(damage);
      database.run("PRAGMA user_version = 0");
    }
    expectWhole();
  });

  test("a part of it that is missing is put back although the version is right", () => {
    makeLedger();
    {
      using database = new Database(dbPath);
      database.run("DROP TABLE incidents");
    }
    expectWhole();
  });
});

/** What `.dump` of the sqlite3 shell prints: tables, their rows, then what else there is in the schema. */
function dumpOf(path: string): string[] {
  using database = new Database(path);
  const schema = database
    .query<{ type: string; name: string; sql: string }, []>(
      "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL",
    )
    .all();
  const tables = schema.filter(({ type, name }) => type === "table" && !name.startsWith("sqlite_"));
  const rowsOf = (name: string) => {
    const columns = database.query<{ name: string }, []>(`PRAGMA table_info(${name})`).all();
    const values = columns.map((column) => `quote("${column.name}")`).join(" || ',' || ");
    const rows = database.query<{ row: string }, []>(`SELECT ${values} AS row FROM ${name}`).all();
    return rows.map(({ row }) => `INSERT INTO ${name} VALUES(${row})`);
  };
  return [
    ...tables.flatMap(({ name, sql }) => [sql, ...rowsOf(name)]),
    "DELETE FROM sqlite_sequence",
    ...rowsOf("sqlite_sequence"),
    ...schema.filter(({ type }) => type !== "table").map(({ sql }) => sql),
  ];
}

function readDump(statements: readonly string[], path: string): void {
  using database = new Database(path);
  for (const statement of statements) database.run(statement);
}

function indexNames(path: string): unknown[] {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
  return read(path, sql).map(({ name }) => name);
}

test("a URL is no path, and its password is not shown", () => {
  const { code, message } = failureToOpen("postgres://bot:s3cret@db.example/ledger");
  expect(code).toBe("INVALID_OPTION");
  expect(message).toContain("postgres://***@db.example");
  expect(message).not.toContain("s3cret");
});

test("opening takes no lock when there is nothing to do", () => {
  createTelemetryStore({ dbPath }).close();
  using writer = new Database(dbPath);
  writer.run("BEGIN IMMEDIATE");
  // With a lock to wait for, it would be the whole busy timeout, and an error.
  expect(() => createTelemetryStore({ dbPath }).close()).not.toThrow();
  writer.run("ROLLBACK");
});

describe("refused, and left byte for byte as it was:", () => {
  function expectUntouched(path: string, act: () => void): void {
    const bytes = readFileSync(path);
    const files = readdirSync(dirname(path));
    act();
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(readdirSync(dirname(path))).toEqual(files);
  }

  test("a newer schema", () => {
    createTelemetryStore({ dbPath }).close();
    read(dbPath, "PRAGMA user_version = 99");
    expectUntouched(dbPath, () => {
      expect(failureToOpen()).toMatchObject({
        code: "SCHEMA_TOO_NEW",
        message: expect.stringContaining("99"),
      });
    });
  });

  test("a newer schema that is still in the -wal of a program that crashed", () => {
    createTelemetryStore({ dbPath }).close();
    const newer = new Database(dbPath);
    newer.run("PRAGMA wal_autocheckpoint = 0");
    newer.run("PRAGMA user_version = 99");
    const crashed = join(dirname(dbPath), "crashed");
    mkdirSync(crashed);
    for (const suffix of ["", "-wal"]) {
      writeFileSync(join(crashed, `telemetry.db${suffix}`), readFileSync(dbPath + suffix));
    }
    newer.close();
    expect(failureToOpen(join(crashed, "telemetry.db")).code).toBe("SCHEMA_TOO_NEW");
    expect(read(join(crashed, "telemetry.db"), "PRAGMA user_version")).toEqual([{ user_version: 99 }]);
  });

  test.each(["x", "not a database, and longer than the header of one. ".repeat(10)])(
    "a text file (%#)",
    (text) => {
      writeFileSync(dbPath, text);
      expectUntouched(dbPath, () => {
        expect(failureToOpen()).toMatchObject({
          code: "OPEN_FAILED",
          cause: expect.objectContaining({ code: "SQLITE_NOTADB" }),
          hint: expect.stringContaining("not a SQLite database"),
        });
      });
    },
  );

  test("the database of another program", () => {
    makeForeign(dbPath, "CREATE TABLE customers (name TEXT)");
    expectUntouched(dbPath, () => {
      expect(failureToOpen()).toMatchObject({
        code: "OPEN_FAILED",
        message: expect.stringContaining("another program"),
      });
    });
  });

  test("another program's table of the same name", () => {
    makeForeign(dbPath, "CREATE TABLE executions (id INTEGER, victim TEXT)");
    expectUntouched(dbPath, () => {
      expect(failureToOpen()).toMatchObject({ code: "OPEN_FAILED" });
    });
  });

  test("another program's database that counts versions too", () => {
    makeForeign(dbPath, "CREATE TABLE customers (name TEXT); PRAGMA user_version = 1");
    expectUntouched(dbPath, () => {
      expect(failureToOpen()).toMatchObject({ code: "OPEN_FAILED" });
    });
  });

  test("a database of the earlier design that can't be upgraded", () => {
    makeForeign(dbPath, EARLIER_DESIGN.replace("repo TEXT NOT NULL", "repo TEXT"));
    makeForeign(dbPath, "INSERT INTO executions (event_type, model, conclusion) VALUES ('e', 'm', 'c')");
    expectUntouched(dbPath, () => {
      expect(failureToOpen()).toMatchObject({ code: "OPEN_FAILED", cause: expect.any(Error) });
    });
  });

  /** Makes a database that is no ledger. */
  function makeForeign(path: string, sql: string): void {
    using database = new Database(path);
    database.run(sql);
  }
});

test("a folder is refused with its cause and a hint", () => {
  expect(failureToOpen(dirname(dbPath))).toMatchObject({
    code: "OPEN_FAILED",
    cause: expect.any(Error),
    hint: expect.stringContaining("name a file"),
  });
});

test("a link to nothing is refused with its cause and a hint", () => {
  symlinkSync(join(dirname(dbPath), "nothing"), dbPath);
  expect(failureToOpen()).toMatchObject({
    code: "OPEN_FAILED",
    cause: expect.any(Error),
    hint: expect.any(String),
  });
});

test("a path through a file is refused with its cause and a hint", () => {
  writeFileSync(dbPath, "");
  expect(failureToOpen(join(dbPath, "telemetry.db"))).toMatchObject({
    code: "OPEN_FAILED",
    cause: expect.any(Error),
    hint: expect.stringContaining("name a file"),
  });
});

// Root may write everywhere; without this capability it is a user like any other.
const UNPRIVILEGED =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] : [];
const canBeUnprivileged = UNPRIVILEGED.length === 0 || Bun.which("setpriv") !== null;

test.skipIf(!canBeUnprivileged).each([
  ["file", 0o444, 0o755],
  ["folder", 0o644, 0o555],
])(
  "without permission to write the %s, it is refused with its cause and a hint, and untouched (needs setpriv as root)",
  async (_, fileMode, folderMode) => {
    createTelemetryStore({ dbPath }).close();
    const bytes = readFileSync(dbPath);
    chmodSync(dbPath, fileMode);
    chmodSync(dirname(dbPath), folderMode);
    const result = await startScript("open-and-record.ts", [dbPath, "0"], {}, UNPRIVILEGED).finished;
    chmodSync(dirname(dbPath), 0o755);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("OPEN_FAILED");
    expect(result.stderr).toContain("EACCES");
    expect(result.stderr).toContain("Check that this user may write the file and its folder");
    expect(readFileSync(dbPath).equals(bytes)).toBe(true);
    expect(readdirSync(dirname(dbPath))).toEqual(["telemetry.db"]);
  },
);
