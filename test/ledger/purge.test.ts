import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, setSystemTime, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { openLedgerFile } from "../../src/ledger/open";
import { purgeSlices } from "../../src/ledger/purge";
import { createTelemetryStore } from "../../src/ledger/store";
import { cutoffText, DAY_MS, toLedgerTime } from "../../src/record/time";
import { executionCompleted } from "../../src/testing";
import { tries } from "../support/effort";
import { EARLIER_DESIGN, read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
const NOW = Date.UTC(2026, 5, 15, 12, 0, 0, 0);
let dbPath = "";
let files = 0;
beforeEach(() => {
  files += 1;
  dbPath = join(dir, `${files}.db`);
  setSystemTime(NOW);
});
afterEach(() => setSystemTime());

const at = (completedAt: number) => executionCompleted({ completedAt, executionId: `${completedAt}` });
const ids = () =>
  read(dbPath, "SELECT execution_id AS id FROM executions ORDER BY id").map(({ id }) => Number(id));

test("what is older than so many days is deleted, to the millisecond", () => {
  using store = createTelemetryStore({ dbPath });
  const cutoff = NOW - 90 * DAY_MS;
  store.recordMany([at(cutoff - DAY_MS), at(cutoff - 1), at(cutoff), at(cutoff + 1), at(NOW)]);
  expect(store.purgeOlderThan(90)).toBe(2);
  expect(ids()).toEqual([cutoff, cutoff + 1, NOW].sort());
  expect(store.purgeOlderThan(90)).toBe(0);
});

test("fractions of a day count", () => {
  using store = createTelemetryStore({ dbPath });
  store.recordMany([at(NOW - DAY_MS / 2 - 1), at(NOW - DAY_MS / 2)]);
  expect(store.purgeOlderThan(0.5)).toBe(1);
  expect(ids()).toEqual([NOW - DAY_MS / 2]);
});

test.each([0, 1, 500, 999])(
  "rows of older programs, in whole seconds, keep the boundary (cutoff at .%i)",
  (ms) => {
    setSystemTime(NOW + ms);
    const cutoff = NOW + ms - DAY_MS;
    const seconds = [-2, -1, 0, 1].map((second) => NOW - DAY_MS + second * 1000);
    {
      using earlier = new Database(dbPath);
      earlier.run(EARLIER_DESIGN);
      const insert = earlier.query(
        "INSERT INTO executions (created_at, repo, event_type, model, conclusion) VALUES (?, 'r', 'e', 'm', 'c')",
      );
      for (const second of seconds) insert.run(toLedgerTime(second).slice(0, 19));
      insert.finalize();
    }
    using store = createTelemetryStore({ dbPath });
    expect(store.purgeOlderThan(1)).toBe(seconds.filter((second) => second < cutoff).length);
    expect(
      read(dbPath, "SELECT created_at AS time FROM executions ORDER BY id").map(({ time }) => time),
    ).toEqual(
      seconds.filter((second) => second >= cutoff).map((second) => toLedgerTime(second).slice(0, 19)),
    );
  },
);

test.each([
  Number.NaN,
  -1,
  -0.001,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  "90",
  null,
  undefined,
  90n,
  {},
])("%p days are refused with INVALID_ARGUMENT, and nothing is deleted", (days) => {
  using store = createTelemetryStore({ dbPath });
  store.record(at(NOW - 365 * DAY_MS));
  expect(() => store.purgeOlderThan(days as number)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
  expect(ids()).toHaveLength(1);
});

test("a cutoff before all time deletes nothing", () => {
  using store = createTelemetryStore({ dbPath });
  store.record(executionCompleted({ completedAt: "0000-01-01T00:00:00Z" }));
  expect(store.purgeOlderThan(1e9)).toBe(0);
  expect(store.purgeOlderThan(Number.MAX_VALUE)).toBe(0);
  expect(ids()).toHaveLength(1);
});

test("a file of which nearly all rows are purged shrinks", () => {
  using store = createTelemetryStore({ dbPath });
  const batches = tries(20, 100);
  for (let batch = 0; batch < batches; batch += 1) {
    store.recordMany(Array.from({ length: 1000 }, (_, row) => at(NOW - 100 * DAY_MS + batch * 1000 + row)));
  }
  store.record(at(NOW));
  store.checkpoint();
  const sizeBefore = statSync(dbPath).size;
  expect(store.purgeOlderThan(90)).toBe(1_000 * batches);
  expect(ids()).toEqual([NOW]);
  expect(read(dbPath, "PRAGMA freelist_count")).toEqual([{ freelist_count: 0 }]);
  expect(statSync(dbPath).size).toBeLessThan(sizeBefore / 4);
  expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily")).toEqual([{ n: 1_000 * batches + 1 }]);
});

test("a purge takes 5,000 rows a transaction, and others may write in between", () => {
  const connection = openLedgerFile(dbPath, { synchronous: "NORMAL" });
  using other = createTelemetryStore({ dbPath });
  other.recordMany(Array.from({ length: 12_000 }, (_, row) => at(NOW - 100 * DAY_MS + row)));
  const cutoff = cutoffText(NOW) ?? "";
  const slices: number[] = [];
  for (const deleted of purgeSlices(connection, cutoff)) {
    slices.push(deleted);
    other.record(at(NOW + slices.length));
  }
  connection.close();
  expect(slices).toEqual([5_000, 5_000, 2_000]);
  expect(ids()).toEqual([NOW + 1, NOW + 2, NOW + 3]);
});

test("incidents have the same retention, and are not in the count", () => {
  using store = createTelemetryStore({ dbPath });
  store.recordIncident({ kind: "rejected", reason: "old" });
  setSystemTime(NOW + 10 * DAY_MS);
  store.recordIncident({ kind: "rejected", reason: "new" });
  expect(store.purgeOlderThan(5)).toBe(0);
  expect(read(dbPath, "SELECT reason FROM incidents")).toEqual([{ reason: "new" }]);
});

test("an execution from before the purge is refused, so that it never counts twice", () => {
  using store = createTelemetryStore({ dbPath });
  const old = at(NOW - 10 * DAY_MS);
  store.recordMany([old, at(NOW)]);
  store.purgeOlderThan(5);
  const refusal = expect.objectContaining({
    code: "BEYOND_RETENTION",
    message: expect.stringContaining("purged"),
  });
  expect(() => store.record(old)).toThrow(refusal);
  expect(() => store.recordMany([at(NOW + 1), old])).toThrow(refusal);
  expect(() => store.record(at(NOW - 10 * DAY_MS - 1))).toThrow(refusal);
  store.record(at(NOW - 5 * DAY_MS));
  expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily")).toEqual([{ n: 3 }]);
});

test("what is newer than all that was purged was never purged, and is taken", () => {
  using store = createTelemetryStore({ dbPath });
  store.record(at(NOW - 10 * DAY_MS));
  // A clock that is ten years ahead for once.
  setSystemTime(NOW + 3_650 * DAY_MS);
  expect(store.purgeOlderThan(5)).toBe(1);
  setSystemTime(NOW);
  store.recordMany([at(NOW - 10 * DAY_MS + 1), at(NOW)]);
  expect(() => store.record(at(NOW - 10 * DAY_MS))).toThrow(
    expect.objectContaining({ code: "BEYOND_RETENTION" }),
  );
  expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily")).toEqual([{ n: 3 }]);
});

test("a purge that deletes nothing refuses nothing afterwards", () => {
  using store = createTelemetryStore({ dbPath });
  store.record(at(NOW));
  store.purgeOlderThan(5);
  store.record(at(NOW - 10 * DAY_MS));
  expect(ids()).toHaveLength(2);
});

test("the watermark never goes back, and holds for other stores on the same file", () => {
  using store = createTelemetryStore({ dbPath });
  using other = createTelemetryStore({ dbPath });
  store.recordMany([at(NOW - 20 * DAY_MS), at(NOW - 8 * DAY_MS)]);
  store.purgeOlderThan(7);
  read(
    dbPath,
    "INSERT INTO executions (created_at, repo, event_type, model, conclusion) VALUES ('2020-01-01 00:00:00', 'r', 'e', 'm', 'c')",
  );
  expect(other.purgeOlderThan(15)).toBe(1);
  expect(() => other.record(at(NOW - 8 * DAY_MS))).toThrow(
    expect.objectContaining({ code: "BEYOND_RETENTION" }),
  );
});

test("a row that an older program inserts between two slices is summed before it is purged", () => {
  const SLICE_ROWS = 5_000;
  using store = createTelemetryStore({ dbPath });
  store.recordMany(Array.from({ length: SLICE_ROWS }, () => executionCompleted({ completedAt: 0 })));
  const connection = openLedgerFile(dbPath, { synchronous: "NORMAL" });
  const slices = purgeSlices(connection, toLedgerTime(NOW));
  expect(slices.next().value).toBe(SLICE_ROWS);
  read(
    dbPath,
    `INSERT INTO executions (created_at, repo, event_type, model, conclusion)
     VALUES ('1970-01-01 00:00:00', 'o/r', 'push', 'm', 'success')`,
  );
  expect(Array.from(slices)).toEqual([1]);
  connection.close();
  expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily")).toEqual([{ n: SLICE_ROWS + 1 }]);
});

test("a row that an older program inserted meanwhile is summed before it is purged", () => {
  using store = createTelemetryStore({ dbPath });
  read(
    dbPath,
    "INSERT INTO executions (created_at, repo, event_type, model, conclusion, cost_usd) VALUES ('2020-01-01 00:00:00', 'r', 'e', 'm', 'c', 2)",
  );
  expect(store.purgeOlderThan(90)).toBe(1);
  expect(read(dbPath, "SELECT day, repo, executions, cost_usd FROM usage_daily")).toEqual([
    { day: "2020-01-01", repo: "r", executions: 1, cost_usd: 2 },
  ]);
});

test("a purge of incidents alone shrinks the file, too", () => {
  using store = createTelemetryStore({ dbPath });
  for (let n = 0; n < 300; n += 1)
    store.recordIncident({ kind: "rejected", reason: "old", payload: "x".repeat(20_000) });
  store.checkpoint();
  const sizeBefore = statSync(dbPath).size;
  setSystemTime(NOW + DAY_MS);
  expect(store.purgeOlderThan(0)).toBe(0);
  expect(statSync(dbPath).size).toBeLessThan(sizeBefore / 4);
});

test("what another program stored as a number is no time of ours, and is not purged", () => {
  {
    using earlier = new Database(dbPath);
    earlier.run(EARLIER_DESIGN.replace("created_at TEXT NOT NULL", "created_at INTEGER NOT NULL"));
    earlier.run(
      `INSERT INTO executions (created_at, repo, event_type, model, conclusion)
       VALUES (${NOW}, 'ms', 'e', 'm', 'c'), (${Math.floor(NOW / 1000)}, 's', 'e', 'm', 'c')`,
    );
  }
  using store = createTelemetryStore({ dbPath });
  expect(store.purgeOlderThan(90)).toBe(0);
  expect(read(dbPath, "SELECT count(*) AS n FROM executions")).toEqual([{ n: 2 }]);
});
