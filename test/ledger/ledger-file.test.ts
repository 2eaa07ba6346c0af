import { beforeEach, expect, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createApp, telemetryPlugin } from "../../src/index";
import { createTelemetryStore } from "../../src/ledger/store";
import { storedUserVersion } from "../../src/ledger/stored-version";
import { executionCompleted } from "../../src/testing";
import { read } from "../support/ledger";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
const GARBAGE = "this is no database, and longer than the smallest one. ".repeat(100);
let dbPath = "";
let files = 0;
beforeEach(() => {
  files += 1;
  dbPath = join(dir, `${files}`, "telemetry.db");
});

function start() {
  const logger = recordingLogger();
  const app = createApp({ logger }).use(telemetryPlugin, { dbPath, writer: "inline", closeTimeoutMs: 300 });
  const telemetry = app.get(telemetryPlugin);
  const emit = async (executionId: string) => {
    app.emitter.emit("execution:completed", executionCompleted({ executionId }));
    await telemetry.flush();
  };
  return { app, telemetry, emit, logger };
}

const ids = () =>
  read(dbPath, "SELECT execution_id AS id FROM executions ORDER BY executions.id").map(({ id }) => id);

test("a ledger that is deleted while it is open is put back, with everything in it", async () => {
  const { app, emit, logger } = start();
  await emit("before");
  for (const suffix of ["", "-wal", "-shm"]) rmSync(dbPath + suffix);
  await emit("after");
  await emit("later");
  await app.close();
  expect(ids()).toEqual(["before", "after", "later"]);
  expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily")).toEqual([{ n: 3 }]);
  expect(read(dbPath, "SELECT kind, reason FROM incidents")).toMatchObject([
    { kind: "degraded", reason: expect.stringContaining("was deleted while it was open") },
  ]);
  expect(logger.lines).toMatchObject([{ level: "warn", message: expect.stringContaining("were saved at") }]);
  expect(readdirSync(dirname(dbPath))).toEqual(["telemetry.db"]);
});

test("so is one of which only the main file is deleted", async () => {
  const { app, emit } = start();
  await emit("before");
  rmSync(dbPath);
  await emit("after");
  await app.close();
  expect(ids()).toEqual(["before", "after"]);
  expect(read(dbPath, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
});

test("a ledger that is replaced by another one goes on in the new one", async () => {
  const { app, emit, logger } = start();
  await emit("before");
  const replacement = join(dir, `${files}-replacement.db`);
  createTelemetryStore({ dbPath: replacement }).close();
  for (const suffix of ["-wal", "-shm"]) rmSync(dbPath + suffix);
  renameSync(replacement, dbPath);
  await emit("after");
  await app.close();
  expect(ids()).toEqual(["after"]);
  expect(logger.lines).toMatchObject([{ level: "warn", message: expect.stringContaining("was replaced") }]);
});

test("a ledger that is replaced by a backup with an old -wal beside it goes on in the backup, and keeps what was in ours", async () => {
  const { app, emit, logger } = start();
  await emit("in the backup");
  await app.get(telemetryPlugin).checkpoint();
  const backup = join(dir, `${files}-backup.db`);
  copyFileSync(dbPath, backup);
  await emit("only in the -wal");
  renameSync(backup, dbPath);
  await emit("after");
  await app.close();
  expect(ids()).toEqual(["in the backup", "after"]);
  expect(read(dbPath, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  const [rescued = ""] = readdirSync(dirname(dbPath)).filter((name) => name.includes(".rescued-"));
  expect(read(join(dirname(dbPath), rescued), "SELECT execution_id AS id FROM executions")).toEqual([
    { id: "in the backup" },
    { id: "only in the -wal" },
  ]);
  expect(logger.lines).toMatchObject([{ level: "warn", message: expect.stringContaining(rescued) }]);
});

test.each(["renamed over", "overwritten in place"])(
  "garbage %s the ledger is left as it is, and events are spilled",
  async (how) => {
    const { app, telemetry, emit } = start();
    await emit("before");
    await telemetry.checkpoint();
    if (how === "renamed over") {
      writeFileSync(`${dbPath}.garbage`, GARBAGE);
      renameSync(`${dbPath}.garbage`, dbPath);
    } else {
      writeFileSync(dbPath, GARBAGE);
    }
    for (let run = 0; run < 5; run += 1)
      telemetry.record(executionCompleted({ executionId: `after ${run}` }));
    while (telemetry.stats().state !== "degraded") await Bun.sleep(5);
    expect(telemetry.stats().lastError).toContain("not a database");
    await app.close();
    expect(telemetry.stats()).toMatchObject({ received: 6, written: 1, spilled: 5 });
    expect(readFileSync(dbPath, "utf8")).toBe(GARBAGE);
    const spilled = readFileSync(`${dbPath}.spill.jsonl`, "utf8").trim().split("\n");
    expect(spilled.map((line) => JSON.parse(line).executionId)).toEqual(
      [0, 1, 2, 3, 4].map((run) => `after ${run}`),
    );
  },
);

test("the version in the file is read without touching anything, and without the -wal", () => {
  using store = createTelemetryStore({ dbPath });
  store.record(executionCompleted());
  const before = { bytes: readFileSync(dbPath), names: readdirSync(dirname(dbPath)) };
  expect(storedUserVersion(dbPath)).toBe(
    new DataView(before.bytes.buffer, before.bytes.byteOffset).getUint32(60),
  );
  expect(readFileSync(dbPath).equals(before.bytes)).toBe(true);
  expect(readdirSync(dirname(dbPath))).toEqual(before.names);
});
