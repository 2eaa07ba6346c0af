import { expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { openLedgerFile } from "../../src/ledger/open";
import { SCHEMA_VERSION } from "../../src/ledger/schema";
import { createTelemetryStore, type SqliteTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
let files = 0;
function newPath(): string {
  files += 1;
  return join(dir, `${files}.db`);
}

const MINIMAL: TelemetryRecord = { repo: "o/r", eventType: "push", model: "m", conclusion: "success" };

test("after record returns, a second connection sees the row", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  for (const executionId of ["a", "b", "c"]) {
    store.record({ ...MINIMAL, executionId });
    expect(read(dbPath, "SELECT execution_id FROM executions ORDER BY id DESC LIMIT 1")).toEqual([
      { execution_id: executionId },
    ]);
  }
});

test("a minimal record gets the defaults", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  const before = Date.now();
  store.record(MINIMAL);
  const [row] = read(dbPath, "SELECT * FROM executions");
  expect(row).toEqual({
    id: 1,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/),
    delivery_id: null,
    repo: "o/r",
    pr_number: null,
    event_type: "push",
    provider: "anthropic",
    model: "m",
    input_tokens: 0,
    output_tokens: 0,
    cache_read_tokens: 0,
    cache_creation_tokens: 0,
    duration_ms: 0,
    cost_usd: 0,
    conclusion: "success",
    session_id: null,
    num_turns: null,
    stop_reason: null,
    execution_id: expect.stringMatching(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    ),
    usage_source: "unknown",
    cost_source: "unknown",
    labels: null,
  });
  const storedMs = Date.parse(`${String(row?.["created_at"]).replace(" ", "T")}Z`);
  expect(storedMs).toBeGreaterThanOrEqual(before);
  expect(storedMs).toBeLessThanOrEqual(Date.now());
});

test("what is known of usage and cost is kept apart from zero", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  store.recordMany([
    { ...MINIMAL, executionId: "reported zero", costUsd: 0, outputTokens: 0 },
    { ...MINIMAL, executionId: "unknown", costUsd: null, outputTokens: null },
    { ...MINIMAL, executionId: "estimated", costUsd: 0.5, costSource: "estimated", cacheReadTokens: 5 },
    { ...MINIMAL, executionId: "no cost to estimate", costSource: "estimated" },
  ]);
  expect(read(dbPath, "SELECT execution_id, usage_source, cost_source FROM executions ORDER BY id")).toEqual([
    { execution_id: "reported zero", usage_source: "reported", cost_source: "reported" },
    { execution_id: "unknown", usage_source: "unknown", cost_source: "unknown" },
    { execution_id: "estimated", usage_source: "reported", cost_source: "estimated" },
    { execution_id: "no cost to estimate", usage_source: "unknown", cost_source: "unknown" },
  ]);
});

test("recording an execution again stores it once, within a batch and across batches", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  const once = { ...MINIMAL, executionId: "once", costUsd: 1 };
  expect(store.recordMany([once, once, { ...once, executionId: "other" }])).toEqual({
    written: 2,
    duplicates: 1,
  });
  expect(store.recordMany([once])).toEqual({ written: 0, duplicates: 1 });
  store.record({ ...once, conclusion: "failure" });
  expect(read(dbPath, "SELECT executions, cost_usd FROM usage_daily")).toEqual([
    { executions: 2, cost_usd: 2 },
  ]);
});

test("recordMany stores all or nothing", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  const bad = { ...MINIMAL, costUsd: -1 };
  expect(() => store.recordMany([MINIMAL, MINIMAL, bad])).toThrow(
    expect.objectContaining({ code: "INVALID_RECORD", message: expect.stringContaining("records[2]") }),
  );
  expect(read(dbPath, "SELECT count(*) AS n FROM executions")).toEqual([{ n: 0 }]);
  expect(read(dbPath, "SELECT count(*) AS n FROM usage_daily")).toEqual([{ n: 0 }]);
  expect(store.recordMany([])).toEqual({ written: 0, duplicates: 0 });
  expect(() => store.recordMany(MINIMAL as never)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
});

test("a row that the database refuses rolls the whole batch back, and the store goes on", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  read(
    dbPath,
    `CREATE TRIGGER refuse BEFORE INSERT ON executions WHEN NEW.repo = 'bad'
     BEGIN SELECT RAISE(ABORT, 'no such repo'); END`,
  );
  expect(() => store.recordMany([MINIMAL, { ...MINIMAL, repo: "bad" }])).toThrow(
    expect.objectContaining({ code: "STORE_FAILED", message: expect.stringContaining("no such repo") }),
  );
  store.record(MINIMAL);
  expect(read(dbPath, "SELECT repo FROM executions")).toEqual([{ repo: "o/r" }]);
  expect(read(dbPath, "SELECT executions FROM usage_daily")).toEqual([{ executions: 1 }]);
});

test(":memory: works, and makes no file", () => {
  using store = createTelemetryStore({ dbPath: ":memory:" });
  expect(store.recordMany([MINIMAL])).toEqual({ written: 1, duplicates: 0 });
  expect(store.purgeOlderThan(1)).toBe(0);
  store.checkpoint();
  expect(existsSync(":memory:")).toBe(false);
});

test("folders are made, and the files are nobody else's to read", () => {
  const dbPath = join(dir, "a", "b", "c", "telemetry.db");
  using store = createTelemetryStore({ dbPath });
  store.record(MINIMAL);
  for (const suffix of ["", "-wal", "-shm"]) expect(statSync(dbPath + suffix).mode & 0o777).toBe(0o600);
});

test("the file is in WAL mode with incremental vacuum and the three indexes", () => {
  const dbPath = newPath();
  using _store = createTelemetryStore({ dbPath });
  expect(read(dbPath, "PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
  expect(read(dbPath, "PRAGMA auto_vacuum")).toEqual([{ auto_vacuum: 2 }]);
  expect(read(dbPath, "PRAGMA user_version")).toEqual([{ user_version: SCHEMA_VERSION }]);
  expect(read(dbPath, `SELECT name, "unique" FROM pragma_index_list('executions') ORDER BY name`)).toEqual([
    { name: "idx_executions_created_at", unique: 0 },
    { name: "idx_executions_execution_id", unique: 1 },
    { name: "idx_executions_repo", unique: 0 },
  ]);
});

test("incidents are kept with reason and payload", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  store.recordIncident({ kind: "rejected", reason: "no repo", payload: "{}" });
  store.recordIncident({ kind: "dropped", reason: "queue full", count: 7 });
  expect(read(dbPath, "SELECT kind, count, reason, payload FROM incidents ORDER BY id")).toEqual([
    { kind: "rejected", count: 1, reason: "no repo", payload: "{}" },
    { kind: "dropped", count: 7, reason: "queue full", payload: null },
  ]);
});

test.each([
  [{ dbPath: "" }, "dbPath"],
  [{ dbPath: undefined }, "dbPath"],
  [{ dbPath: ":memory:", synchronous: "OFF" }, "synchronous"],
])("%j is refused with INVALID_OPTION naming %s", (options, option) => {
  expect(() => createTelemetryStore(options as never)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(option) }),
  );
});

test.each([
  null,
  undefined,
  5,
  "telemetry.db",
  { dbPath: ":memory:", path: "x" },
  { dbPath: " telemetry.db" },
  { dbPath: "telemetry.db\n" },
  { dbPath: ":memory: " },
])("options %# are refused with INVALID_OPTION", (options) => {
  expect(() => createTelemetryStore(options as never)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});

test.each([undefined, null, {}, { kind: "rejected" }, { reason: "why" }])(
  "incident %p is refused",
  (incident) => {
    using store = createTelemetryStore({ dbPath: ":memory:" });
    expect(() => store.recordIncident(incident as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  },
);

test("a hole in an array of records is no record", () => {
  using store = createTelemetryStore({ dbPath: ":memory:" });
  // biome-ignore lint/suspicious/noSparseArray: it is what is tested
  expect(() => store.recordMany([, MINIMAL] as never)).toThrow(
    expect.objectContaining({ code: "INVALID_RECORD" }),
  );
});

test.each([
  ["NORMAL", 1],
  ["FULL", 2],
] as const)(
  "synchronous %s, and the other settings of the connection, are in force",
  (synchronous, number) => {
    const connection = openLedgerFile(newPath(), { synchronous });
    expect(connection.pragmaNumber("synchronous")).toBe(number);
    expect(connection.pragmaNumber("trusted_schema")).toBe(0);
    expect(connection.pragmaNumber("busy_timeout")).toBe(5_000);
    connection.close();
  },
);

const METHODS: Record<
  Exclude<keyof SqliteTelemetryStore, typeof Symbol.dispose>,
  (store: SqliteTelemetryStore) => unknown
> = {
  record: (store) => store.record(executionCompleted()),
  recordMany: (store) => store.recordMany([executionCompleted(), executionCompleted()]),
  recordIncident: (store) => store.recordIncident({ kind: "degraded", reason: "a test" }),
  purgeOlderThan: (store) => store.purgeOlderThan(90),
  checkpoint: (store) => store.checkpoint(),
  close: (store) => store.close(),
};
const STATES: Record<string, (store: SqliteTelemetryStore) => void> = {
  new: () => {},
  written: (store) => store.record(executionCompleted()),
  "after an error": (store) => expect(() => store.record({} as never)).toThrow(),
  purged: (store) => void store.purgeOlderThan(0),
};

for (const [method, call] of Object.entries(METHODS)) {
  for (const [state, reach] of Object.entries(STATES)) {
    test(`${method} works on a store that is ${state}`, () => {
      using store = createTelemetryStore({ dbPath: newPath() });
      reach(store);
      expect(() => call(store)).not.toThrow();
    });
  }
  test(`${method} on a closed store ${method === "close" ? "is harmless" : "throws CLOSED"}`, () => {
    const store = createTelemetryStore({ dbPath: newPath() });
    store.close();
    if (method === "close") expect(() => call(store)).not.toThrow();
    else expect(() => call(store)).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });
}
