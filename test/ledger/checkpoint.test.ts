import { Database } from "bun:sqlite";
import { beforeEach, expect, test } from "bun:test";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
let dbPath = "";
let files = 0;
beforeEach(() => {
  files += 1;
  dbPath = join(dir, `${files}.db`);
});

/** How many rows the main file holds by its own bytes, without the help of its -wal. */
function rowsInMainFile(): number {
  const copy = `${dbPath}-copy`;
  copyFileSync(dbPath, copy);
  try {
    using database = new Database(copy, { readwrite: true, create: false });
    const hasTable = database.query("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'executions'");
    if ((hasTable.get() as { n: number }).n === 0) return 0;
    return (database.query("SELECT count(*) AS n FROM executions").get() as { n: number }).n;
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(copy + suffix, { force: true });
  }
}

const many = (count: number) => Array.from({ length: count }, () => executionCompleted());

test("a checkpoint brings the rows from the -wal into the main file", () => {
  using store = createTelemetryStore({ dbPath });
  store.recordMany(many(10));
  expect(rowsInMainFile()).toBe(0);
  store.checkpoint();
  expect(rowsInMainFile()).toBe(10);
});

test("the thousandth row brings a checkpoint, the one before it none", () => {
  using store = createTelemetryStore({ dbPath });
  for (const record of many(999)) store.record(record);
  expect(rowsInMainFile()).toBe(0);
  store.record(executionCompleted());
  expect(rowsInMainFile()).toBe(1000);
});

test("rows count however they are written, and duplicates don't", () => {
  using store = createTelemetryStore({ dbPath });
  const first = many(600).map((record, index) => ({ ...record, executionId: `${index}` }));
  store.recordMany(first);
  store.recordMany(first);
  for (const record of many(399)) store.record(record);
  expect(rowsInMainFile()).toBe(0);
  store.recordMany(many(2));
  expect(rowsInMainFile()).toBe(1001);
});

test("each checkpoint starts the count anew, one by hand too", () => {
  using store = createTelemetryStore({ dbPath });
  store.recordMany(many(900));
  store.checkpoint();
  store.recordMany(many(900));
  expect(rowsInMainFile()).toBe(900);
  store.recordMany(many(100));
  expect(rowsInMainFile()).toBe(1900);
  store.recordMany(many(999));
  expect(rowsInMainFile()).toBe(1900);
});

test("a reader that holds its snapshot delays the checkpoint, but not the writer", () => {
  using store = createTelemetryStore({ dbPath });
  store.record(executionCompleted());
  using reader = new Database(dbPath, { readonly: true });
  reader.run("BEGIN");
  reader.query("SELECT count(*) FROM executions").get();
  store.recordMany(many(2000));
  expect(rowsInMainFile()).toBeLessThan(2001);
  reader.run("COMMIT");
  store.checkpoint();
  expect(rowsInMainFile()).toBe(2001);
});
