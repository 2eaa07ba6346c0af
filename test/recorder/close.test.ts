import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { openLedger } from "../../src/report/database/open-ledger";
import { executionCompleted } from "../../src/testing";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const HAS_PROC = existsSync("/proc/self/fd");

/** The files below `dir` that this process holds open. */
function openFiles(dir: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(dir) ? [path] : [];
    } catch {
      return [];
    }
  });
}

test("after close there is the database and nothing else, not even an open file descriptor", () => {
  const dir = tempDir();
  const store = createTelemetryStore({ dbPath: join(dir, "telemetry.db") });
  store.recordMany(Array.from({ length: 1500 }, () => executionCompleted()));
  expect(() => store.record({} as never)).toThrow();
  store.recordIncident({ kind: "rejected", reason: "a test" });
  store.purgeOlderThan(0);
  expect(readdirSync(dir).sort()).toEqual(["telemetry.db", "telemetry.db-shm", "telemetry.db-wal"]);
  if (HAS_PROC) expect(openFiles(dir)).not.toEqual([]);
  store.close();
  expect(readdirSync(dir)).toEqual(["telemetry.db"]);
  if (HAS_PROC) expect(openFiles(dir)).toEqual([]);
});

test("a store that was never used leaves nothing open either", () => {
  const dir = tempDir();
  createTelemetryStore({ dbPath: join(dir, "telemetry.db") }).close();
  expect(readdirSync(dir)).toEqual(["telemetry.db"]);
  if (HAS_PROC) expect(openFiles(dir)).toEqual([]);
});

test("a reader of the ledger leaves nothing behind, used or not", async () => {
  const dir = tempDir();
  const dbPath = join(dir, "telemetry.db");
  createTelemetryStore({ dbPath }).close();
  {
    await using ledger = await openLedger(dbPath);
    await ledger.db.selectFrom("executions").selectAll().execute();
    await ledger.db.selectFrom("usage_daily").selectAll().execute();
    await ledger.db.selectFrom("executions").selectAll().execute();
  }
  {
    await using _unused = await openLedger(dbPath);
  }
  expect(readdirSync(dir)).toEqual(["telemetry.db"]);
  if (HAS_PROC) expect(openFiles(dir)).toEqual([]);
});

test("a ledger can't be written through a reader, and is not created by one", async () => {
  const dir = tempDir();
  const dbPath = join(dir, "telemetry.db");
  await expect(openLedger(dbPath)).rejects.toMatchObject({ code: "LEDGER_NOT_FOUND" });
  expect(readdirSync(dir)).toEqual([]);
  using store = createTelemetryStore({ dbPath });
  store.record(executionCompleted());
  await using ledger = await openLedger(dbPath);
  await expect(ledger.db.deleteFrom("executions").execute()).rejects.toThrow("readonly");
});

test("close does not wait for a reader, and loses nothing", () => {
  const dbPath = join(tempDir(), "telemetry.db");
  const store = createTelemetryStore({ dbPath });
  store.record(executionCompleted());
  using reader = new Database(dbPath, { readonly: true });
  reader.run("BEGIN");
  reader.query("SELECT count(*) FROM executions").get();
  store.record(executionCompleted());
  store.close();
  reader.run("COMMIT");
  expect(read(dbPath, "SELECT count(*) AS n FROM executions")).toEqual([{ n: 2 }]);
});

test("close empties the -wal even when another connection stays open", () => {
  const dbPath = join(tempDir(), "telemetry.db");
  const store = createTelemetryStore({ dbPath });
  store.record(executionCompleted());
  using reader = new Database(dbPath, { readonly: true });
  reader.query("SELECT count(*) FROM executions").get();
  store.close();
  expect(statSync(`${dbPath}-wal`).size).toBe(0);
});
