import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { EARLIER_DESIGN, EARLIER_INSERT, read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();

test("runledger checkpoint copies the log and says how much it was", async () => {
  const db = join(folder, "telemetry.db");
  using store = createTelemetryStore({ dbPath: db });
  store.recordMany(Array.from({ length: 100 }, () => executionCompleted()));
  const { exitCode, out } = await runCli(["checkpoint", "--db", db]);
  expect(exitCode).toBe(0);
  expect(out).toMatch(
    /^before: [1-9]\d* pages to copy, database .*, write-ahead log [1-9].* kB\nafter: 0 pages to copy, .*\n$/,
  );
});

test("runledger checkpoint says when a reader holds the log back", async () => {
  const db = join(folder, "held.db");
  using store = createTelemetryStore({ dbPath: db });
  store.record(executionCompleted());
  store.checkpoint();
  using reader = new Database(db);
  reader.run("BEGIN");
  reader.query("SELECT * FROM executions").all();
  store.recordMany(Array.from({ length: 100 }, () => executionCompleted()));
  const { exitCode, out } = await runCli(["checkpoint", "--db", db]);
  expect(exitCode).toBe(0);
  expect(out).toMatch(
    /\nafter: [1-9]\d* pages to copy, .*\nA program that reads the ledger holds them back: see runledger doctor\.\n$/,
  );
  reader.run("ROLLBACK");
});

test("runledger checkpoint upgrades the earlier design, and makes no ledger", async () => {
  const db = join(folder, "earlier.db");
  const earlier = new Database(db);
  earlier.run(EARLIER_DESIGN);
  earlier.run(EARLIER_INSERT, [
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
  earlier.close();
  expect((await runCli(["checkpoint", "--db", db])).exitCode).toBe(0);
  expect(read(db, "SELECT executions FROM usage_daily")).toEqual([{ executions: 1 }]);
  const { exitCode, err } = await runCli(["checkpoint", "--db", join(folder, "nowhere.db")]);
  expect({ exitCode, err }).toEqual({
    exitCode: 1,
    err: `runledger: There is no ledger at ${join(folder, "nowhere.db")}. Check the path, or name it with --db.\n`,
  });
});
