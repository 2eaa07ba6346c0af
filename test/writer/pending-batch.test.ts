import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { openLedgerFile } from "../../src/ledger/open";
import { SqliteLedger } from "../../src/ledger/sqlite-ledger";
import { insertIncident } from "../../src/ledger/statements";
import { executionCompleted } from "../../src/testing";
import { PendingBatch } from "../../src/writer/pending-batch";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
let dbPath = "";
let files = 0;
let ledger: SqliteLedger;
beforeEach(() => {
  files += 1;
  dbPath = join(dir, `${files}.db`);
  ledger = new SqliteLedger(openLedgerFile(dbPath, { synchronous: "NORMAL", busyTimeoutMs: 0 }));
});
afterEach(() => void ledger.close());

const run = (n: number, repo = "o/r") => executionCompleted({ executionId: `${n}`, repo });
const rows = () => read(dbPath, "SELECT count(*) AS n FROM executions")[0]?.["n"];
const refuse = (repo: string) =>
  read(
    dbPath,
    `CREATE TRIGGER refuse_${repo} BEFORE INSERT ON executions WHEN NEW.repo = '${repo}'
     BEGIN SELECT RAISE(ABORT, 'the trigger refuses it'); END`,
  );

test("invalid records become incidents, and the others rows, in one transaction", () => {
  const batch = new PendingBatch([run(1), { repo: "o/r" }, "text", run(2), run(2)]);
  expect(batch.writeTo(ledger)).toEqual({ written: 2, duplicates: 1, rejected: 2 });
  expect(batch.lastReason).toStartWith("Invalid record");
  expect(read(dbPath, "SELECT payload FROM incidents ORDER BY id")).toEqual([
    { payload: '{"repo":"o/r"}' },
    { payload: "text" },
  ]);
});

test("a batch without a valid record still keeps its incidents", () => {
  expect(new PendingBatch([{}, null]).writeTo(ledger)).toEqual({ written: 0, duplicates: 0, rejected: 2 });
  expect(read(dbPath, "SELECT count(*) AS n FROM incidents")).toEqual([{ n: 2 }]);
});

test.each([[[0]], [[7]], [[99]], [[0, 99]], [[50, 51, 52]]])(
  "rows that the database refuses (%j of 100) stand alone in the end",
  (refused) => {
    refuse("bad");
    const values = Array.from({ length: 100 }, (_, n) => run(n, refused.includes(n) ? "bad" : "good"));
    const batch = new PendingBatch(values);
    expect(batch.writeTo(ledger)).toEqual({
      written: 100 - refused.length,
      duplicates: 0,
      rejected: refused.length,
    });
    expect(rows()).toBe(100 - refused.length);
    expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily")).toEqual([
      { n: 100 - refused.length },
    ]);
    const incidents = read(dbPath, "SELECT reason, payload FROM incidents ORDER BY id");
    expect(incidents.map(({ payload }) => Number(JSON.parse(String(payload)).executionId))).toEqual(refused);
    expect(incidents[0]?.["reason"]).toContain("the trigger refuses it");
  },
);

test("when every row is refused, all are incidents", () => {
  refuse("bad");
  expect(new PendingBatch([run(1, "bad"), run(2, "bad"), run(3, "bad")]).writeTo(ledger)).toEqual({
    written: 0,
    duplicates: 0,
    rejected: 3,
  });
  expect(read(dbPath, "SELECT count(*) AS n FROM incidents")).toEqual([{ n: 3 }]);
});

const refuseIncidents = (when: string) =>
  read(
    dbPath,
    `CREATE TRIGGER refuse_incidents BEFORE INSERT ON incidents WHEN ${when}
     BEGIN SELECT RAISE(ABORT, 'not this incident'); END`,
  );

test("when the database refuses the incidents, too, it comes to an end all the same", () => {
  refuseIncidents("TRUE");
  const batch = new PendingBatch([{}, null]);
  expect(batch.writeTo(ledger)).toEqual({ written: 0, duplicates: 0, rejected: 2 });
  expect(batch.lastReason).toStartWith("Invalid record");
});

test("an incident that the database refuses takes neither rows nor other incidents with it", () => {
  refuse("bad");
  refuseIncidents("NEW.payload LIKE '%unspeakable%'");
  read(dbPath, "INSERT INTO ledger VALUES ('purged_before', '2020-01-01 00:00:00')");
  const reported: string[] = [];
  const values = [
    ...Array.from({ length: 50 }, (_, n) => run(n)),
    "unspeakable",
    "text",
    run(50, "bad"),
    { ...run(51, "bad"), sessionId: "unspeakable" },
    executionCompleted({ executionId: "unspeakable", completedAt: 0 }),
    executionCompleted({ executionId: "old", completedAt: 0 }),
    ...Array.from({ length: 50 }, (_, n) => run(100 + n)),
  ];
  const batch = new PendingBatch(values, { onRejected: (reason) => reported.push(reason) });
  expect(batch.writeTo(ledger)).toEqual({ written: 100, duplicates: 0, rejected: 6 });
  expect(rows()).toBe(100);
  expect(reported).toHaveLength(6);
  expect(read(dbPath, "SELECT payload FROM incidents ORDER BY id").map(({ payload }) => payload)).toEqual([
    "text",
    expect.stringContaining('"executionId":"50"'),
    expect.stringContaining('"executionId":"old"'),
  ]);
});

test("of a payload that the database refuses for its length, the beginning is kept", () => {
  refuseIncidents("length(NEW.payload) > 20000");
  const batch = new PendingBatch([run(1), "x".repeat(30_000), run(2)]);
  expect(batch.writeTo(ledger)).toEqual({ written: 2, duplicates: 0, rejected: 1 });
  expect(read(dbPath, "SELECT reason, payload FROM incidents")).toEqual([
    { reason: expect.stringMatching(/^Invalid record.*\(cut\)$/), payload: "x".repeat(10_000) },
  ]);
});

test("what is beyond the retention is rejected, with its payload", () => {
  new PendingBatch([executionCompleted({ executionId: "old", completedAt: 0 })]).writeTo(ledger);
  read(dbPath, "INSERT INTO ledger VALUES ('purged_before', '2020-01-01 00:00:00')");
  const batch = new PendingBatch([executionCompleted({ executionId: "older", completedAt: 0 }), run(1)]);
  expect(batch.writeTo(ledger)).toEqual({ written: 1, duplicates: 0, rejected: 1 });
  expect(read(dbPath, "SELECT payload FROM incidents")).toMatchObject([
    { payload: expect.stringContaining('"older"') },
  ]);
});

test("a ledger that is locked is no reason to reject: the same batch is written later", () => {
  const other = openLedgerFile(dbPath, { synchronous: "NORMAL" });
  const batch = new PendingBatch([run(1), {}]);
  other.transaction(() => {
    expect(() => batch.writeTo(ledger)).toThrow("locked");
    expect(() => batch.writeTo(ledger)).toThrow("locked");
  });
  other.close();
  expect(batch.writeTo(ledger)).toEqual({ written: 1, duplicates: 0, rejected: 1 });
  expect(read(dbPath, "SELECT count(*) AS n FROM incidents")).toEqual([{ n: 1 }]);
});

test("the reason of a rejection says where the value is from, once it is certain", () => {
  const origins = ["a.jsonl:1", "a.jsonl:2", "a.jsonl:3", "a.jsonl:4"];
  const reported: string[] = [];
  const onRejected = (reason: string) => reported.push(reason);
  read(dbPath, "INSERT INTO ledger VALUES ('purged_before', '2020-01-01 00:00:00')");
  refuse("never");
  const old = executionCompleted({ executionId: "old", completedAt: 0 });
  const batch = new PendingBatch([run(1), "text", old, run(2, "never")], { origins, onRejected });
  const other = openLedgerFile(dbPath, { synchronous: "NORMAL" });
  other.transaction(() => expect(() => batch.writeTo(ledger)).toThrow("locked"));
  other.close();
  expect(reported).toEqual([]);
  expect(batch.writeTo(ledger)).toEqual({ written: 1, duplicates: 0, rejected: 3 });
  expect(reported).toEqual([
    expect.stringMatching(/^a\.jsonl:2: Invalid record/),
    expect.stringMatching(/^a\.jsonl:3: Execution old completed/),
    "a.jsonl:4: the trigger refuses it",
  ]);
  expect(read(dbPath, "SELECT reason FROM incidents ORDER BY id")).toEqual(
    reported.map((reason) => ({ reason })),
  );
});

test("what completed before the last purge is stored when it is asked for", () => {
  read(dbPath, "INSERT INTO ledger VALUES ('purged_before', '2020-01-01 00:00:00')");
  const old = executionCompleted({ executionId: "old", completedAt: 0 });
  const batch = new PendingBatch([old, run(1)], { acceptsPurged: true });
  expect(batch.writeTo(ledger)).toEqual({ written: 2, duplicates: 0, rejected: 0 });
  expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily")).toEqual([{ n: 2 }]);
  // It is there now: to be told from what was purged, it need not be recent.
  const again = new PendingBatch([old, run(1)]);
  expect(again.writeTo(ledger)).toEqual({ written: 0, duplicates: 2, rejected: 0 });
});

test.each([[[]], [[1]], [[3]], [[1, 2, 3]]])(
  "what belongs to a batch is written once, with the last of its rows, though %j are refused",
  (refused: number[]) => {
    refuse("bad");
    const note = insertIncident({ kind: "degraded", reason: "note" });
    const values = [1, 2, 3].map((n) => run(n, refused.includes(n) ? "bad" : "good"));
    new PendingBatch(values, { alongside: [note] }).writeTo(ledger);
    expect(read(dbPath, "SELECT count(*) AS n FROM incidents WHERE reason = 'note'")).toEqual([{ n: 1 }]);
    expect(rows()).toBe(3 - refused.length);
  },
);
