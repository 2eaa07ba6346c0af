import { Database } from "bun:sqlite";
import { beforeEach, describe, expect, spyOn, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { spillPathsOf } from "../../src/handoff/spill";
import { createTelemetryStore } from "../../src/ledger/store";
import { QueuedRecorder, type RecorderOptions } from "../../src/recorder/recorder";
import { type StartWriter, startInline, startThread, type WriterLink } from "../../src/recorder/writer-link";
import { executionCompleted } from "../../src/testing";
import { read } from "../support/ledger";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
let dbPath = "";
let files = 0;
let logger = recordingLogger();
beforeEach(() => {
  files += 1;
  dbPath = join(dir, `${files}`, "telemetry.db");
  logger = recordingLogger();
});

function recorder(startWriter: StartWriter = startInline, overrides: Partial<RecorderOptions> = {}) {
  const options: RecorderOptions = {
    dbPath,
    synchronous: "NORMAL",
    retentionDays: false,
    flushIntervalMs: 1,
    maxBatchSize: 10,
    maxQueueSize: 1_000,
    exitTimeoutMs: 1_000,
    ...overrides,
  };
  return new QueuedRecorder(options, startWriter, logger);
}

function emit(to: QueuedRecorder, count: number): void {
  for (let n = 0; n < count; n += 1) to.record(executionCompleted());
}

function expectAccounted(of: QueuedRecorder): void {
  const { received, written, duplicates, rejected, failed, spilled, dropped, queued } = of.stats();
  expect(written + duplicates + rejected + failed + spilled + dropped + queued).toBe(received);
}

const count = (table = "executions") => read(dbPath, `SELECT count(*) AS n FROM ${table}`)[0]?.["n"];

describe("the writer's thread", () => {
  test("that dies is started again, and nothing is lost or stored twice", async () => {
    const links: WriterLink[] = [];
    const telemetry = recorder((...args) => {
      const link = startThread(...args);
      links.push(link);
      return link;
    });
    await telemetry.ready;
    for (let death = 0; death < 3; death += 1) {
      emit(telemetry, 500);
      links.at(-1)?.terminate();
      emit(telemetry, 500);
      expectAccounted(telemetry);
      await telemetry.flush();
    }
    expect(telemetry.stats()).toMatchObject({ received: 3_000, restarts: 3, queued: 0, state: "open" });
    expect(telemetry.stats().lastError).toContain("the writer ended");
    expectAccounted(telemetry);
    await telemetry.close(10_000);
    expect(count()).toBe(3_000);
  });

  test("that can't be started gives way to the host's own, with one line in the log", async () => {
    const cannotStart: StartWriter = (_options, _counts, { onDeath }) => {
      setTimeout(() => onDeath(new Error("no such module")), 1);
      return { post() {}, finish() {}, terminate() {} };
    };
    const telemetry = recorder(cannotStart);
    emit(telemetry, 25);
    await telemetry.flush();
    expect(telemetry.stats()).toMatchObject({ written: 25, queued: 0 });
    await telemetry.close(10_000);
    expect(logger.lines).toMatchObject([{ level: "warn", message: expect.stringContaining("own thread") }]);
  });
});

test("a start that throws gives way to the host's own thread, too", async () => {
  const telemetry = recorder(() => {
    throw new Error("no threads here");
  });
  emit(telemetry, 5);
  await telemetry.flush();
  expect(telemetry.stats()).toMatchObject({ written: 5 });
  await telemetry.close(10_000);
});

test("a thread that never says a word is not waited for in vain at the exit", () => {
  const silent: StartWriter = () => ({ post() {}, finish() {}, terminate() {} });
  const telemetry = recorder(silent);
  emit(telemetry, 5);
  process.listeners("exit").at(-1)?.(0);
  expect(telemetry.stats()).toMatchObject({ written: 5, spilled: 0, state: "closed" });
});

test("a thread that has begun is left the writing at the exit, however slow it is", () => {
  const slow: StartWriter = (_options, counts) => {
    counts.claim();
    return { post() {}, finish() {}, terminate() {} };
  };
  const telemetry = recorder(slow);
  emit(telemetry, 5);
  process.listeners("exit").at(-1)?.(0);
  expect(telemetry.stats()).toMatchObject({ written: 0, spilled: 5, state: "closed" });
  expectAccounted(telemetry);
});

test("close and flush are as fast as the writer, however long an event may wait for its batch", async () => {
  const telemetry = recorder(startThread, { flushIntervalMs: 60_000, maxQueueSize: 10_000 });
  emit(telemetry, 1_000);
  await telemetry.flush();
  expect(telemetry.stats()).toMatchObject({ written: 1_000, queued: 0 });
  emit(telemetry, 1_000);
  expect(await telemetry.close(20_000)).toMatchObject({ written: 2_000, spilled: 0, timedOut: false });
});

test("a flush during close waits for what came before it, too", async () => {
  const telemetry = recorder(startThread, { maxQueueSize: 100_000 });
  emit(telemetry, 5_000);
  const closing = telemetry.close(20_000);
  await telemetry.flush();
  expect(telemetry.stats()).toMatchObject({ written: 5_000, queued: 0 });
  expect(await closing).toMatchObject({ written: 5_000, timedOut: false });
});

test.each([startInline, startThread])(
  "a ledger that was deleted is put back at the process's exit, though nothing is left to write (%p)",
  async (startWriter) => {
    const telemetry = recorder(startWriter);
    emit(telemetry, 100);
    await telemetry.flush();
    rmSync(dbPath);
    process.listeners("exit").at(-1)?.(0);
    expect(count()).toBe(100);
    expectAccounted(telemetry);
  },
);

test("a record too long to be kept is counted as dropped after close, too", async () => {
  const telemetry = recorder();
  await telemetry.close(10_000);
  const stringify = spyOn(JSON, "stringify").mockImplementation(() => {
    throw new RangeError("Out of memory");
  });
  emit(telemetry, 1);
  stringify.mockRestore();
  expect(telemetry.stats()).toMatchObject({ received: 1, dropped: 1 });
  expect(logger.lines.map(({ message }) => message)).toEqual([expect.stringContaining("executions lost")]);
});

describe("an inline writer", () => {
  test("whose ledger can't be looked at spills what is left when it closes", async () => {
    const telemetry = recorder();
    await telemetry.ready;
    rmSync(dirname(dbPath), { recursive: true });
    writeFileSync(dirname(dbPath), "a file where the folder was");
    emit(telemetry, 50);
    expect(await telemetry.close(50)).toMatchObject({ written: 0, spilled: 50, queued: 0, timedOut: true });
    expectAccounted(telemetry);
    rmSync(spillPathsOf(dbPath)[1]);
  });

  test("that was closed before it was done touches nothing any more", async () => {
    const telemetry = recorder(startInline, { flushIntervalMs: 60_000 });
    await telemetry.ready;
    emit(telemetry, 500);
    await telemetry.close(0);
    expectAccounted(telemetry);
    rmSync(dirname(dbPath), { recursive: true });
    await Bun.sleep(20);
    expect(existsSync(dirname(dbPath))).toBe(false);
    expect(telemetry.stats().state).toBe("closed");
  });

  test("that never could open its ledger says that what was asked for is not done", async () => {
    mkdirSync(dbPath, { recursive: true });
    const telemetry = recorder();
    const asked = Promise.allSettled([telemetry.purgeOlderThan(1), telemetry.checkpoint()]);
    expect(await telemetry.close(10_000)).toMatchObject({ timedOut: false });
    expect(await asked).toMatchObject([{ reason: { code: "CLOSED" } }, { reason: { code: "CLOSED" } }]);
  });
});

describe.each([
  ["inline", startInline],
  ["thread", startThread],
])("a writer (%s) of which the ledger can't be opened, and won't be soon,", (_, start) => {
  // The deadlines are longer than the test may take.
  test.each([10, 20_000])(
    "spills all of %d events at close without waiting for the deadline",
    async (events) => {
      mkdirSync(dirname(dbPath), { recursive: true });
      writeFileSync(dbPath, "no database at all, ".repeat(100));
      const telemetry = recorder(start);
      emit(telemetry, events);
      const report = await telemetry.close(120_000);
      expect(report).toMatchObject({ written: 0, spilled: events, dropped: 0, queued: 0, timedOut: false });
      expectAccounted(telemetry);
      expect(telemetry.stats().lastError).toContain("not a database");
      expect(logger.lines.map(({ message }) => message)).toContainEqual(
        expect.stringContaining("the ledger can't be written"),
      );
    },
  );

  test("is tried once more at close, however long it was put off", async () => {
    mkdirSync(dirname(dbPath), { recursive: true });
    writeFileSync(dbPath, "no database at all, ".repeat(100));
    const telemetry = recorder(start);
    emit(telemetry, 10);
    while (telemetry.stats().state !== "degraded") await Bun.sleep(1);
    rmSync(dbPath);
    expect(await telemetry.close(120_000)).toMatchObject({ written: 10, spilled: 0, timedOut: false });
    expect(count()).toBe(10);
  });
});

test("batches that were acknowledged unseen are not counted twice when the writer dies", async () => {
  const links: WriterLink[] = [];
  const telemetry = recorder(
    (...args) => {
      const link = startThread(...args);
      links.push(link);
      return link;
    },
    { flushIntervalMs: 60_000 },
  );
  await telemetry.ready;
  emit(telemetry, 200);
  await Bun.sleep(200);
  links.at(-1)?.terminate();
  await Bun.sleep(50);
  await telemetry.flush();
  expect(telemetry.stats()).toMatchObject({ received: 200, written: 200, duplicates: 0, restarts: 1 });
  await telemetry.close(10_000);
});

describe("while another connection holds the lock", () => {
  /** Holds the write lock until the returned function is called. */
  function lock(): () => void {
    const database = new Database(dbPath);
    database.run("BEGIN IMMEDIATE");
    return () => {
      database.run("ROLLBACK");
      database.close();
    };
  }

  test("events wait in memory, beyond that in the spill file, and all are stored in the end", async () => {
    const telemetry = recorder(startInline, { maxQueueSize: 100 });
    await telemetry.ready;
    const unlock = lock();
    emit(telemetry, 1_000);
    while (telemetry.stats().state !== "degraded") await Bun.sleep(1);
    const { queued, spilled } = telemetry.stats();
    expect(queued).toBeLessThanOrEqual(110);
    expect(spilled).toBeGreaterThanOrEqual(890);
    expectAccounted(telemetry);
    unlock();
    await telemetry.flush();
    expectAccounted(telemetry);
    expect(telemetry.stats()).toMatchObject({ queued: 0, spilled, takenIn: spilled, state: "open" });
    await telemetry.close(10_000);
    expect(count()).toBe(1_000);
    expect(read(dbPath, "SELECT kind, count FROM incidents")).toEqual([{ kind: "spilled", count: spilled }]);
    expect(readdirSync(dirname(dbPath))).toEqual(["telemetry.db"]);
    expect(logger.lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining("spilled to a file"), "the ledger is written again"]),
    );
  });

  test("what is left at the deadline of close is spilled", async () => {
    const telemetry = recorder();
    await telemetry.ready;
    const unlock = lock();
    emit(telemetry, 50);
    const report = await telemetry.close(50);
    expect(report).toMatchObject({ written: 0, spilled: 50, queued: 0, timedOut: true });
    expectAccounted(telemetry);
    unlock();
    const next = recorder();
    await next.flush();
    expect(next.stats()).toMatchObject({ received: 0, takenIn: 50 });
    await next.close(10_000);
    expect(count()).toBe(50);
  });

  test("a flush for every few events doesn't lift the bound of the queue, nor hold up close", async () => {
    const telemetry = recorder(startInline, { maxQueueSize: 100 });
    await telemetry.ready;
    const unlock = lock();
    const flushes: Promise<void>[] = [];
    for (let turn = 0; turn < 200; turn += 1) {
      emit(telemetry, 5);
      flushes.push(telemetry.flush());
    }
    expect(telemetry.stats().queued).toBeLessThanOrEqual(110);
    expectAccounted(telemetry);
    const report = await telemetry.close(50);
    await Promise.all(flushes);
    expect(report).toMatchObject({ written: 0, spilled: 1_000, queued: 0 });
    unlock();
  });

  test("millions of batches that are spilled meanwhile are one thing to look after", async () => {
    const telemetry = recorder(startInline, { maxQueueSize: 10, maxBatchSize: 1 });
    await telemetry.ready;
    const unlock = lock();
    emit(telemetry, 5_000);
    unlock();
    await telemetry.flush();
    // Not a turn for each of them.
    expect(telemetry.stats()).toMatchObject({ queued: 0, state: "open" });
    expect(telemetry.stats().takenIn).toBeGreaterThan(4_900);
    await telemetry.close(10_000);
    expect(count()).toBe(5_000);
  });

  test("a batch of the spill file that is in hand at close is not lost", async () => {
    createTelemetryStore({ dbPath }).close();
    const lines = Array.from({ length: 20 }, (_, n) =>
      JSON.stringify(executionCompleted({ executionId: `${n}` })),
    );
    writeFileSync(`${dbPath}.spill.jsonl`, lines.join("\n"));
    const unlock = lock();
    const telemetry = recorder();
    while (telemetry.stats().state !== "degraded") await Bun.sleep(1);
    await telemetry.close(50);
    unlock();
    const next = recorder();
    await next.flush();
    await next.close(10_000);
    expect(next.stats()).toMatchObject({ takenIn: 20 });
    expect(count()).toBe(20);
  });

  test("an incident that the database refuses is logged, and holds nothing up", async () => {
    const telemetry = recorder(startInline, { maxQueueSize: 100 });
    await telemetry.ready;
    read(
      dbPath,
      "CREATE TRIGGER refuse BEFORE INSERT ON incidents BEGIN SELECT RAISE(ABORT, 'no incidents here'); END",
    );
    const unlock = lock();
    emit(telemetry, 1_000);
    unlock();
    await telemetry.flush();
    await telemetry.close(10_000);
    expect(count()).toBe(1_000);
    expect(logger.lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining("an incident was refused by the database")]),
    );
  });

  test("maintenance that is asked for fails with a reason, and what is asked of a closing writer with CLOSED", async () => {
    const telemetry = recorder(startInline, { retentionDays: 90 });
    await telemetry.ready;
    await telemetry.flush();
    const unlock = lock();
    await expect(telemetry.purgeOlderThan(1)).rejects.toMatchObject({ code: "STORE_FAILED" });
    await Bun.sleep(20);
    unlock();
    const purge = telemetry.purgeOlderThan(1);
    const flush = telemetry.flush();
    const closing = telemetry.close(0);
    await expect(purge).rejects.toMatchObject({ code: "CLOSED" });
    await Promise.all([flush, closing]);
  });

  test("what can't even be spilled is counted as dropped, and said", async () => {
    const telemetry = recorder(startInline, { maxQueueSize: 100 });
    await telemetry.ready;
    const unlock = lock();
    for (const path of spillPathsOf(dbPath)) mkdirSync(path);
    emit(telemetry, 1_000);
    await Bun.sleep(20);
    const { dropped } = telemetry.stats();
    expect(dropped).toBeGreaterThanOrEqual(890);
    expectAccounted(telemetry);
    for (const path of spillPathsOf(dbPath)) rmdirSync(path);
    unlock();
    await telemetry.flush();
    await telemetry.close(10_000);
    expect(count()).toBe(1_000 - dropped);
    expect(read(dbPath, "SELECT kind, count, reason FROM incidents")).toEqual([
      {
        kind: "dropped",
        count: dropped,
        reason: expect.stringMatching(/^The records could neither be written nor spilled: .*EISDIR/),
      },
    ]);
    expect(logger.lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining("executions lost")]),
    );
  });
});

test("a ledger in memory has no spill file: what is beyond the queue is dropped", async () => {
  const telemetry = recorder(startThread, { dbPath: ":memory:", maxQueueSize: 10 });
  emit(telemetry, 1_000);
  expectAccounted(telemetry);
  await telemetry.flush();
  const { written, dropped } = telemetry.stats();
  expect(written + dropped).toBe(1_000);
  expect(dropped).toBeGreaterThan(0);
  await telemetry.close(10_000);
});

test("maintenance on demand is answered, and refused when it makes no sense", async () => {
  const telemetry = recorder();
  telemetry.record(executionCompleted({ completedAt: 0 }));
  telemetry.record(executionCompleted());
  expect(await telemetry.purgeOlderThan(1)).toBe(1);
  await telemetry.checkpoint();
  await expect(telemetry.purgeOlderThan(-1)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await telemetry.close(10_000);
  await expect(telemetry.purgeOlderThan(1)).rejects.toMatchObject({ code: "CLOSED" });
  await expect(telemetry.checkpoint()).rejects.toMatchObject({ code: "CLOSED" });
  expect(count()).toBe(1);
});

test("lines of a spill file that are no records become incidents", async () => {
  mkdirSync(dirname(dbPath));
  const good = JSON.stringify(executionCompleted({ executionId: "good" }));
  writeFileSync(`${dbPath}.spill.jsonl`, `${good}\n${good}\n{"repo":"cut in the mid`);
  const telemetry = recorder();
  await telemetry.flush();
  expect(telemetry.stats()).toMatchObject({ received: 0, takenIn: 3 });
  await telemetry.close(10_000);
  expect(count()).toBe(1);
  expect(read(dbPath, "SELECT payload FROM incidents")).toEqual([{ payload: '{"repo":"cut in the mid' }]);
  expect(existsSync(`${dbPath}.spill.jsonl`)).toBe(false);
});

test.each([startInline, startThread])(
  "the process's exit waits until all is stored, without the event loop (%p)",
  (startWriter) => {
    const telemetry = recorder(startWriter, { exitTimeoutMs: 60_000 });
    emit(telemetry, 100);
    process.listeners("exit").at(-1)?.(0);
    expect(telemetry.stats()).toMatchObject({ received: 100, written: 100, spilled: 0, state: "closed" });
    expect(count()).toBe(100);
  },
);
