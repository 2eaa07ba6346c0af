import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import mitt from "mitt";
import {
  type AppEvents,
  createApp,
  createTelemetryStore,
  type Telemetry,
  type TelemetryRecord,
  telemetryPlugin,
} from "../../src/index";
import { DAY_MS } from "../../src/record/time";
import { createFakeEmitter, createFakeStore, executionCompleted } from "../../src/testing";
import { read } from "../support/ledger";
import { recordingLogger } from "../support/recording-logger";
import { runScript } from "../support/run-script";
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

/** Resolves as soon as the condition holds; the test's own timeout is the limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(5);
}

const count = (table = "executions") => read(dbPath, `SELECT count(*) AS n FROM ${table}`)[0]?.["n"];

/** received = written + duplicates + rejected + failed + spilled + dropped + queued, at any time. */
function expectAccounted(telemetry: Telemetry): void {
  const { received, written, duplicates, rejected, failed, spilled, dropped, queued } = telemetry.stats();
  expect(written + duplicates + rejected + failed + spilled + dropped + queued).toBe(received);
}

const NOTHING_YET = {
  received: 0,
  written: 0,
  duplicates: 0,
  rejected: 0,
  failed: 0,
  spilled: 0,
  dropped: 0,
  queued: 0,
  inFlight: 0,
  takenIn: 0,
  lastError: undefined,
  restarts: 0,
  lastFlushMs: undefined,
} as const;

describe("one line in the host", () => {
  test("keeps every event, and closes with the app", async () => {
    const app = createApp({ logger }).use(telemetryPlugin, { dbPath });
    const telemetry = app.get(telemetryPlugin);
    await telemetry.ready;
    app.emitter.emit("execution:completed", executionCompleted({ executionId: "a" }));
    app.emitter.emit("execution:completed", executionCompleted({ executionId: "a" }));
    app.emitter.emit("execution:completed", executionCompleted({ executionId: "b" }));
    await telemetry.flush();
    expect(telemetry.stats()).toEqual({
      ...NOTHING_YET,
      received: 3,
      written: 2,
      duplicates: 1,
      state: "open",
      lastFlushMs: expect.any(Number),
    });
    await app.close();
    expect(telemetry.stats().state).toBe("closed");
    expect(count()).toBe(2);
    expect(readdirSync(join(dbPath, ".."))).toEqual(["telemetry.db"]);
    expect(logger.lines).toEqual([]);
  });

  test("without options takes TELEMETRY_DB_PATH, else ./data/telemetry.db", async () => {
    const folder = join(dbPath, "..");
    mkdirSync(folder);
    const run = (env: Record<string, string>) => runScript("plugin-defaults.ts", [folder], env);
    expect(await run({ TELEMETRY_DB_PATH: "" })).toMatchObject({ exitCode: 0, stderr: "" });
    expect(existsSync(join(folder, "data", "telemetry.db"))).toBe(true);
    expect(await run({ TELEMETRY_DB_PATH: dbPath })).toMatchObject({ exitCode: 0, stderr: "" });
    expect(count()).toBe(1);
  });
});

describe("options", () => {
  test.each([
    [{ dbpath: "x" }, "dbpath"],
    [{ dbPath: "" }, "dbPath"],
    [{ dbPath: 5 }, "dbPath"],
    [{ retentionDays: -1 }, "retentionDays"],
    [{ retentionDays: 0 }, "or false to keep executions for ever"],
    [{ retentionDays: 0.0001 }, "retentionDays"],
    [{ retentionDays: Number.NaN }, "retentionDays"],
    [{ retentionDays: true }, "retentionDays"],
    [{ synchronous: "OFF" }, "synchronous"],
    [{ closeTimeoutMs: Number.POSITIVE_INFINITY }, "closeTimeoutMs"],
    [{ logger: { info() {} } }, "logger"],
    [{ store: {} }, "store"],
    [{ store: createFakeStore(), dbPath: "x" }, "dbPath"],
    [null, "an object of options"],
  ])("of case %# are refused at once, naming the option", (options, name) => {
    const app = createApp({ logger });
    expect(() => app.use(telemetryPlugin, options as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(name) }),
    );
    expect(app.emitter.all.size).toBe(0);
    expect(existsSync("x")).toBe(false);
  });

  test.each([{ dbPath: "x" }, { writer: "inline" }, { maxQueueSize: 5 }] as const)(
    "of a file exclude a store: %p",
    (option) => {
      expect(() =>
        createApp({ logger }).use(telemetryPlugin, { store: createFakeStore(), ...option }),
      ).toThrow(
        expect.objectContaining({
          code: "INVALID_OPTION",
          message: expect.stringContaining(Object.keys(option)[0] ?? ""),
        }),
      );
    },
  );
});

describe.each(["thread", "inline"] as const)(
  "a ledger that can't be opened, with the writer %s,",
  (writer) => {
    test("doesn't stop the host: it is logged once with what to do, and tried again", async () => {
      mkdirSync(dbPath, { recursive: true });
      const app = createApp({ logger }).use(telemetryPlugin, { dbPath, writer });
      const telemetry = app.get(telemetryPlugin);
      app.emitter.emit("execution:completed", executionCompleted());
      await until(() => telemetry.stats().state === "degraded");
      expectAccounted(telemetry);
      expect(telemetry.stats()).toMatchObject({ received: 1, queued: 1 });
      expect(telemetry.stats().lastError).toContain("name a file");
      rmdirSync(dbPath);
      await telemetry.ready;
      await telemetry.flush();
      expect(telemetry.stats()).toMatchObject({ written: 1, queued: 0, state: "open" });
      await app.close();
      expect(count()).toBe(1);
      expect(logger.lines).toMatchObject([
        { level: "error", message: expect.stringContaining("It is a folder: name a file.") },
        { level: "warn", message: "the ledger is written again" },
      ]);
    });

    test("until the end leaves everything in the spill file, which the next start takes in", async () => {
      mkdirSync(dbPath, { recursive: true });
      const app = createApp({ logger }).use(telemetryPlugin, { dbPath, writer, closeTimeoutMs: 60_000 });
      const telemetry = app.get(telemetryPlugin);
      for (let run = 0; run < 10; run += 1) app.emitter.emit("execution:completed", executionCompleted());
      const report = await telemetry.close();
      expect(report).toMatchObject({ written: 0, spilled: 10, dropped: 0, queued: 0, timedOut: false });
      expectAccounted(telemetry);
      await expect(telemetry.ready).rejects.toMatchObject({ code: "CLOSED" });
      rmdirSync(dbPath);
      const next = createApp({ logger }).use(telemetryPlugin, { dbPath, writer });
      await next.get(telemetryPlugin).flush();
      expect(next.get(telemetryPlugin).stats()).toMatchObject({ received: 0, written: 0, takenIn: 10 });
      await next.close();
      expect(count()).toBe(10);
      expect(readdirSync(join(dbPath, ".."))).toEqual(["telemetry.db"]);
      await app.close();
    });
  },
);

describe("retention", () => {
  const old = () => executionCompleted({ completedAt: Date.now() - 91 * DAY_MS });
  const fill = () => {
    using store = createTelemetryStore({ dbPath });
    store.recordMany([old(), executionCompleted()]);
  };

  test("purges what is older than 90 days at the start, and says so in usage_daily", async () => {
    fill();
    await using _app = createApp({ logger }).use(telemetryPlugin, { dbPath });
    await until(() => count() === 1);
    expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily")).toEqual([{ n: 2 }]);
  });

  test.each([false, 100] as const)("of %p days keeps them", async (retentionDays) => {
    fill();
    await createApp({ logger }).use(telemetryPlugin, { dbPath, retentionDays }).close();
    expect(count()).toBe(2);
  });

  test("comes before the end of a process that ends at once", async () => {
    fill();
    await createApp({ logger }).use(telemetryPlugin, { dbPath }).close();
    expect(count()).toBe(1);
  });

  describe("by the clock", () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());

    test("purges again every 24 hours, until it is closed", async () => {
      const store = createFakeStore();
      const telemetry = telemetryPlugin.setup(
        { emitter: mitt<AppEvents>(), onClose() {} },
        { store, logger },
      );
      const purges = () => store.calls.filter((call) => call === "purgeOlderThan").length;
      expect(purges()).toBe(1);
      jest.advanceTimersByTime(DAY_MS - 1);
      expect(purges()).toBe(1);
      jest.advanceTimersByTime(1);
      expect(purges()).toBe(2);
      store.mode = "throw";
      jest.advanceTimersByTime(DAY_MS);
      expect(purges()).toBe(3);
      store.mode = "succeed";
      const closing = telemetry.close();
      jest.advanceTimersByTime(3 * DAY_MS);
      await closing;
      expect(purges()).toBe(3);
    });
  });

  test("its timer does not keep the process alive", async () => {
    expect(await runScript("plugin-left-open.ts", [dbPath])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(count()).toBe(1);
  });
});

describe("first in line", () => {
  const boom = () => {
    throw new Error("a handler of the host's");
  };

  test.each(["before", "after", "before and after"])(
    "a handler that throws, registered %s it, loses no record",
    async (when) => {
      const app = createApp({ logger });
      if (when.includes("before")) app.emitter.on("execution:completed", boom);
      app.use(telemetryPlugin, { dbPath });
      if (when.includes("after")) app.emitter.on("execution:completed", boom);
      for (let run = 0; run < 3; run += 1) {
        expect(() => app.emitter.emit("execution:completed", executionCompleted())).toThrow(
          "a handler of the host's",
        );
      }
      await app.close();
      expect(count()).toBe(3);
      expect(() => app.emitter.emit("execution:completed", executionCompleted())).toThrow(
        "a handler of the host's",
      );
    },
  );

  test("the others keep their order", async () => {
    const calls: string[] = [];
    const app = createApp({ logger });
    app.emitter.on("execution:completed", () => calls.push("first"));
    app.emitter.on("execution:completed", () => calls.push("second"));
    app.use(telemetryPlugin, { store: createFakeStore() });
    app.emitter.on("execution:completed", () => calls.push("third"));
    app.emitter.emit("execution:completed", executionCompleted());
    expect(calls).toEqual(["first", "second", "third"]);
    await app.close();
    expect(app.emitter.all.get("execution:completed")).toHaveLength(3);
  });

  test("an emitter that does not show its handlers is subscribed to all the same", async () => {
    const { on, off, emit } = mitt<AppEvents>();
    const store = createFakeStore();
    const telemetry = telemetryPlugin.setup({ emitter: { on, off }, onClose() {} }, { store, logger });
    emit("execution:completed", executionCompleted());
    await telemetry.close();
    emit("execution:completed", executionCompleted());
    expect(store.records).toHaveLength(1);
  });
});

describe("whatever the store does", () => {
  test.each(["throw", "reject", "stall"] as const)(
    "to %s reaches neither emit nor the process",
    async (mode) => {
      const store = createFakeStore();
      const emitter = createFakeEmitter();
      const telemetry = telemetryPlugin.setup(
        { emitter, onClose() {} },
        { store, logger, closeTimeoutMs: 20 },
      );
      const unhandled: unknown[] = [];
      const onUnhandled = (reason: unknown) => unhandled.push(reason);
      process.on("unhandledRejection", onUnhandled);
      store.mode = mode;
      for (let run = 0; run < 50; run += 1) {
        expect(() => emitter.emit("execution:completed", executionCompleted())).not.toThrow();
      }
      expect(emitter.emitted).toHaveLength(50);
      expectAccounted(telemetry);
      if (mode !== "stall") await telemetry.flush();
      expectAccounted(telemetry);
      expect(telemetry.stats()).toMatchObject(mode === "stall" ? { queued: 50 } : { failed: 50, queued: 0 });
      const report = await telemetry.close();
      expect(report.timedOut).toBe(mode === "stall");
      await Bun.sleep(5);
      process.off("unhandledRejection", onUnhandled);
      expect(unhandled).toEqual([]);
    },
  );

  test("what it answers late is counted when it comes", async () => {
    const store = createFakeStore({ mode: "stall" });
    const emitter = createFakeEmitter();
    const telemetry = telemetryPlugin.setup(
      { emitter, onClose() {} },
      { store, logger, retentionDays: false },
    );
    emitter.emit("execution:completed", executionCompleted());
    emitter.emit("execution:completed", executionCompleted());
    expect(telemetry.stats()).toMatchObject({ received: 2, written: 0, queued: 2 });
    const flushed = telemetry.flush();
    store.release();
    await flushed;
    expect(telemetry.stats()).toMatchObject({ received: 2, written: 2, queued: 0 });
    expect(store.records).toHaveLength(2);
  });

  test("failures are logged at most once a second, with their count", async () => {
    const store = createFakeStore();
    const emitter = createFakeEmitter();
    const telemetry = telemetryPlugin.setup({ emitter, onClose() {} }, { store, logger });
    store.mode = "throw";
    for (let run = 0; run < 500; run += 1) emitter.emit("execution:completed", executionCompleted());
    const failures = () => logger.lines.filter(({ message }) => message.includes("not recorded"));
    expect(failures().map(({ bindings }) => bindings)).toEqual([{ err: store.error, count: 1 }]);
    await Bun.sleep(1_100);
    expect(failures().map(({ bindings }) => bindings)).toEqual([
      { err: store.error, count: 1 },
      { err: store.error, count: 499 },
    ]);
    emitter.emit("execution:completed", executionCompleted());
    expect(failures()).toHaveLength(2);
    await telemetry.close();
    expect(failures()).toHaveLength(3);
  });

  test("a logger that throws does no harm", () => {
    const broken = () => {
      throw new Error("the logger is broken");
    };
    const store = createFakeStore({ mode: "throw" });
    const emitter = createFakeEmitter();
    const options = { store, logger: { debug: broken, info: broken, warn: broken, error: broken } };
    telemetryPlugin.setup({ emitter, onClose() {} }, options);
    expect(() => emitter.emit("execution:completed", executionCompleted())).not.toThrow();
  });

  test("an injected store is checkpointed at close and left open", async () => {
    using store = createTelemetryStore({ dbPath });
    const emitter = createFakeEmitter();
    const telemetry = telemetryPlugin.setup({ emitter, onClose() {} }, { store, logger });
    emitter.emit("execution:completed", executionCompleted());
    await telemetry.close();
    expect(() => store.record(executionCompleted())).not.toThrow();
    const fake = createFakeStore();
    await telemetryPlugin.setup({ emitter, onClose() {} }, { store: fake, logger }).close();
    expect(fake.calls).toEqual(["purgeOlderThan", "checkpoint", "checkpoint"]);
  });

  test("what an injected store returns is not mistaken for counts", () => {
    const kept: unknown[] = [];
    const store = {
      record: (entry: unknown) => kept.push(entry) as never,
      purgeOlderThan: () => 0,
      checkpoint() {},
    };
    const emitter = createFakeEmitter();
    const telemetry = telemetryPlugin.setup({ emitter, onClose() {} }, { store, logger });
    emitter.emit("execution:completed", executionCompleted());
    expect(telemetry.stats()).toMatchObject({ received: 1, written: 1 });
  });
});

describe("a record that is refused", () => {
  test("goes to incidents with its payload and the reason, and its neighbours are stored", async () => {
    const app = createApp({ logger }).use(telemetryPlugin, { dbPath });
    const telemetry = app.get(telemetryPlugin);
    const circular: Record<string, unknown> = { repo: "o/r" };
    circular["self"] = circular;
    const junk = [
      { repo: "o/r", colour: "green" },
      null,
      "text",
      ["array"],
      5n,
      circular,
      Symbol("s"),
      undefined,
    ];
    for (const event of junk) {
      app.emitter.emit("execution:completed", event as never);
      app.emitter.emit("execution:completed", executionCompleted());
    }
    await telemetry.flush();
    expect(telemetry.stats()).toMatchObject({ received: 16, written: 8, rejected: 8, failed: 0 });
    expectAccounted(telemetry);
    await app.close();
    const incidents = read(dbPath, "SELECT kind, count, reason, payload FROM incidents ORDER BY id");
    expect(incidents).toHaveLength(8);
    for (const incident of incidents) {
      expect(incident).toMatchObject({
        kind: "rejected",
        count: 1,
        reason: expect.stringMatching(/^Invalid record/),
      });
    }
    const payloads = incidents.map(({ payload }) => String(payload));
    expect(JSON.parse(payloads[0] ?? "")).toMatchObject({
      repo: "o/r",
      colour: "green",
      executionId: expect.any(String),
    });
    expect(payloads.slice(1, 4)).toEqual(["null", '"text"', '["array"]']);
    expect(payloads[4]).toBe('"5n"');
    expect(JSON.parse(payloads[5] ?? "")).toMatchObject({ repo: "o/r" });
    expect(payloads[6]).toBe("Symbol(s)");
    expect(payloads[7]).toBe("undefined");
    const rejections = logger.lines.map(({ level, bindings }) => ({ level, ...bindings }));
    expect(rejections.reduce((total, line) => total + Number("count" in line && line.count), 0)).toBe(8);
    expect(rejections[0]).toMatchObject({ level: "warn", reason: expect.stringMatching(/^Invalid record/) });
  });

  test("because it is beyond the retention, too", async () => {
    const app = createApp({ logger }).use(telemetryPlugin, { dbPath, retentionDays: false });
    const telemetry = app.get(telemetryPlugin);
    const old = executionCompleted({ executionId: "old", completedAt: "2020-01-01T00:00:00Z" });
    telemetry.record(old);
    expect(await telemetry.purgeOlderThan(90)).toBe(1);
    telemetry.record(old);
    await telemetry.flush();
    expect(telemetry.stats()).toMatchObject({ written: 1, rejected: 1 });
    await app.close();
    expect(read(dbPath, "SELECT payload FROM incidents")).toMatchObject([
      { payload: expect.stringContaining('"old"') },
    ]);
  });

  test("is named in the log when even the incident can't be kept", async () => {
    const store = createFakeStore();
    const emitter = createFakeEmitter();
    const telemetry = telemetryPlugin.setup(
      { emitter, onClose() {} },
      {
        store: {
          ...store,
          record: () => {
            using real = createTelemetryStore({ dbPath: ":memory:" });
            real.record({} as never);
          },
          recordIncident: () => Promise.reject(new Error("no room")),
        },
        logger,
      },
    );
    emitter.emit("execution:completed", { repo: "kept-in-the-log" } as never);
    await telemetry.close();
    expect(telemetry.stats().rejected).toBe(1);
    expect(JSON.stringify(logger.lines)).toContain("kept-in-the-log");
  });
});

describe("the event", () => {
  test("is never changed, and what the host does to it afterwards changes nothing", async () => {
    const store = createFakeStore();
    const emitter = createFakeEmitter();
    const telemetry = telemetryPlugin.setup({ emitter, onClose() {} }, { store, logger });
    const completedAt = new Date("2026-01-01T00:00:00Z");
    const event = executionCompleted({ completedAt });
    const frozen = Object.freeze(executionCompleted());
    const before = structuredClone(event);
    emitter.emit("execution:completed", event);
    emitter.emit("execution:completed", frozen);
    expect(event).toStrictEqual(before);
    event.repo = "changed";
    completedAt.setFullYear(1999);
    expect(store.records[0]).toMatchObject(before);
    await telemetry.close();
  });

  test("gets its identity and its time when it is emitted", () => {
    const store = createFakeStore();
    const emitter = createFakeEmitter();
    telemetryPlugin.setup({ emitter, onClose() {} }, { store, logger });
    const before = Date.now();
    emitter.emit("execution:completed", executionCompleted());
    emitter.emit("execution:completed", executionCompleted({ executionId: "mine", completedAt: 0 }));
    const [stamped, given] = store.records;
    expect(stamped?.executionId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(Number(stamped?.completedAt)).toBeGreaterThanOrEqual(before);
    expect(given).toMatchObject({ executionId: "mine", completedAt: 0 });
  });

  test("may have getters, inherited ones too, and ones that throw", async () => {
    class Run {
      get repo() {
        return "inherited";
      }
      eventType = "e";
      model = "m";
      conclusion = "c";
    }
    const app = createApp({ logger }).use(telemetryPlugin, { dbPath });
    app.emitter.emit("execution:completed", new Run());
    const hostile = {
      get repo(): string {
        throw new Error("not now");
      },
    };
    expect(() => app.emitter.emit("execution:completed", hostile as never)).not.toThrow();
    await app.get(telemetryPlugin).flush();
    expect(app.get(telemetryPlugin).stats()).toMatchObject({
      received: 2,
      written: 1,
      rejected: 1,
      failed: 0,
    });
    await app.close();
    expect(read(dbPath, "SELECT repo FROM executions")).toEqual([{ repo: "inherited" }]);
  });
});

test("an event that can't be read is rejected with an injected store, too", async () => {
  const store = createFakeStore();
  const emitter = createFakeEmitter();
  const telemetry = telemetryPlugin.setup({ emitter, onClose() {} }, { store, logger });
  const hostile = {
    get repo(): string {
      throw new Error("not now");
    },
  };
  emitter.emit("execution:completed", hostile as never);
  expect(telemetry.stats()).toMatchObject({ received: 1, rejected: 1 });
  expect(store.incidents).toMatchObject([{ kind: "rejected", reason: expect.stringContaining("not now") }]);
  await telemetry.close();
});

test("a store that keeps no incidents leaves them to the log, with their payload", async () => {
  const emitter = createFakeEmitter();
  using real = createTelemetryStore({ dbPath: ":memory:" });
  const store = {
    record: (entry: TelemetryRecord) => real.record(entry),
    purgeOlderThan: () => 0,
    checkpoint() {},
  };
  const telemetry = telemetryPlugin.setup({ emitter, onClose() {} }, { store, logger });
  emitter.emit("execution:completed", { repo: "only-in-the-log" } as never);
  await telemetry.close();
  expect(JSON.stringify(logger.lines)).toContain("only-in-the-log");
});

test("counts of an asynchronous store add up at every moment", async () => {
  const store = createFakeStore({ mode: "stall" });
  const emitter = createFakeEmitter();
  const telemetry = telemetryPlugin.setup({ emitter, onClose() {} }, { store, logger, retentionDays: false });
  for (let run = 0; run < 3; run += 1) emitter.emit("execution:completed", executionCompleted());
  store.release();
  for (let turn = 0; turn < 10; turn += 1) {
    expectAccounted(telemetry);
    await null;
  }
  expect(telemetry.stats()).toMatchObject({ written: 3, queued: 0 });
});

test("a host that can't register a hook is left without a listener", () => {
  const emitter = createFakeEmitter();
  const onClose = () => {
    throw new Error("no hooks here");
  };
  expect(() => telemetryPlugin.setup({ emitter, onClose }, { dbPath, logger })).toThrow("no hooks here");
  expect(emitter.handlersOf("execution:completed")).toEqual([]);
});

test("with other hooks to run, the plugin keeps to its share of the closing time, and spills the rest", async () => {
  mkdirSync(dbPath, { recursive: true });
  const app = createApp({ logger, closeTimeoutMs: 1_000 }).use(telemetryPlugin, { dbPath });
  app.emitter.emit("execution:completed", executionCompleted());
  await app.close();
  expect(app.get(telemetryPlugin).stats()).toMatchObject({ spilled: 1, state: "closed" });
});

describe("the handle", () => {
  const start = () => {
    const emitter = createFakeEmitter();
    const hooks: (() => unknown)[] = [];
    const telemetry = telemetryPlugin.setup(
      { emitter, onClose: (hook) => hooks.push(hook) },
      { dbPath, logger },
    );
    return { emitter, hooks, telemetry };
  };
  const STATES: Record<string, (telemetry: Telemetry) => unknown> = {
    idle: () => {},
    written: (telemetry) => telemetry.record(executionCompleted()),
    flushing: (telemetry) => void telemetry.flush(),
    closing: (telemetry) => void telemetry.close(),
    closed: (telemetry) => telemetry.close(),
  };
  const METHODS: Record<string, (telemetry: Telemetry) => unknown> = {
    ready: (telemetry) => telemetry.ready,
    flush: (telemetry) => telemetry.flush(),
    stats: (telemetry) => telemetry.stats(),
    record: (telemetry) => telemetry.record(executionCompleted()),
    purgeOlderThan: (telemetry) => telemetry.purgeOlderThan(90),
    checkpoint: (telemetry) => telemetry.checkpoint(),
    close: (telemetry) => telemetry.close(),
    asyncDispose: (telemetry) => telemetry[Symbol.asyncDispose](),
  };
  const refusedWhenClosed = new Set(["purgeOlderThan", "checkpoint"]);

  for (const [state, reach] of Object.entries(STATES)) {
    for (const [method, call] of Object.entries(METHODS)) {
      const isRefused = state.startsWith("clos") && refusedWhenClosed.has(method);
      test(`${method} when ${state} ${isRefused ? "rejects with CLOSED" : "is well"}, and everything is accounted for`, async () => {
        const { telemetry } = start();
        await reach(telemetry);
        const result = Promise.try(() => call(telemetry));
        if (isRefused) await expect(result).rejects.toMatchObject({ code: "CLOSED" });
        await result.catch(() => {});
        expectAccounted(telemetry);
        const report = await telemetry.close();
        expect(report.timedOut).toBe(false);
        expect(telemetry.stats().state).toBe("closed");
        expect(count()).toBe(telemetry.stats().written);
      });
    }
  }

  test("record after close goes to the spill file, which the next start takes in", async () => {
    const { telemetry } = start();
    await telemetry.close();
    telemetry.record(executionCompleted());
    expect(telemetry.stats()).toMatchObject({ received: 1, spilled: 1, state: "closed" });
    expectAccounted(telemetry);
    const next = start().telemetry;
    await next.flush();
    expect(next.stats()).toMatchObject({ received: 0, takenIn: 1 });
    await next.close();
    expect(count()).toBe(1);
  });

  test("record after close with an injected store is counted as failed and logged", async () => {
    const telemetry = telemetryPlugin.setup(
      { emitter: mitt<AppEvents>(), onClose() {} },
      { store: createFakeStore(), logger },
    );
    await telemetry.close();
    telemetry.record(executionCompleted());
    expect(telemetry.stats()).toMatchObject({ received: 1, failed: 1, state: "closed" });
    expect(logger.lines).toMatchObject([{ level: "error", bindings: { err: { code: "CLOSED" }, count: 1 } }]);
    await expect(telemetry.checkpoint()).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("every close gives the same promise, the host's hook too", async () => {
    const { telemetry, hooks } = start();
    const closing = telemetry.close();
    expect(telemetry.close()).toBe(closing);
    expect(hooks.map((hook) => hook())).toEqual([closing]);
    const {
      received: _,
      inFlight: __,
      takenIn: ___,
      lastError: ____,
      restarts: _____,
      lastFlushMs: ______,
      ...counts
    } = NOTHING_YET;
    expect(await closing).toEqual({ ...counts, timedOut: false });
  });

  test("invalid days reject with INVALID_ARGUMENT", async () => {
    const { telemetry } = start();
    await expect(telemetry.purgeOlderThan(-1)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await telemetry.close();
  });
});
