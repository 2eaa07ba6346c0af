import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { SCHEMA_VERSION } from "../../../src/ledger/schema";
import { openLedger } from "../../../src/report/database/open-ledger";
import { executionsOf } from "../../../src/report/executions";
import { usageReport } from "../../../src/report/usage-report";
import { countIn, crashed, filesBeside, makeEarlier, makeLedger, newPath } from "../../support/read-ledgers";
import { tempDir } from "../../support/temp-dir";
import { thrownBy } from "../../support/thrown-by";

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
    const { code, hint } = await thrownBy(() => openLedger(tempDir()));
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
  expect(error).toMatchObject({
    code: "OPEN_FAILED",
    hint: expect.stringContaining("Nothing is listening there"),
  });
  expect(Bun.inspect(error)).not.toContain("s3cret");
});

describe("by its schema version", () => {
  function withVersion(version: number): string {
    const dbPath = makeLedger(1);
    using database = new Database(dbPath);
    database.run(`PRAGMA user_version = ${version}`);
    return dbPath;
  }

  test("a ledger that lacks a part of its schema is refused, with the remedy", async () => {
    const dbPath = makeLedger(1);
    {
      using database = new Database(dbPath);
      database.run("DROP TABLE usage_daily");
    }
    const { code, hint } = await thrownBy(() => openLedger(dbPath));
    expect(code).toBe("SCHEMA_TOO_OLD");
    expect(hint).toContain(`runledger checkpoint --db ${dbPath}`);
  });

  test("a ledger that lost its version, as one read from a dump, is read", async () => {
    expect(await countIn(withVersion(0))).toBe(1);
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
      expect(report.notes).toEqual([
        expect.stringContaining("earlier one-table design"),
        expect.stringContaining("the duration of 1 and the number of turns of 1 are unknown"),
      ]);
      const [rows] = await Array.fromAsync(executionsOf(ledger, {}, { order: "oldest" }));
      expect(rows).toMatchObject([
        { id: 1, execution_id: null, num_turns: 3, usage_source: "reported", cost_source: "reported" },
        { id: 2, execution_id: null, num_turns: null, usage_source: "unknown", cost_source: "unknown" },
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

test("what only the -wal has after a crash is read too, and no file is left beside the ledger", async () => {
  const dbPath = crashed(5, ["", "-wal"]);
  expect(await countIn(dbPath)).toBe(5);
  expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
});
