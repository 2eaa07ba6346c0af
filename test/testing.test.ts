import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createApp, createTelemetryStore, telemetryPlugin } from "../src/index";
import { createFakeEmitter, createFakeStore, executionCompleted, type FakeStore } from "../src/testing";
import { read } from "./support/ledger";
import { recordingLogger } from "./support/recording-logger";
import { tempDir } from "./support/temp-dir";

type CustomEvents = { "review:started": { readonly prNumber: number }; tick: undefined };

describe("createFakeEmitter", () => {
  test("remembers what was emitted, in order, with or without handlers", () => {
    const emitter = createFakeEmitter<CustomEvents>();
    const run = executionCompleted();
    expect(emitter.emitted).toEqual([]);
    emitter.emit("review:started", { prNumber: 1 });
    emitter.emit("execution:completed", run);
    emitter.emit("tick");
    emitter.emit("review:started", { prNumber: 2 });
    expect(emitter.emitted).toEqual([
      { type: "review:started", event: { prNumber: 1 } },
      { type: "execution:completed", event: run },
      { type: "tick", event: undefined },
      { type: "review:started", event: { prNumber: 2 } },
    ]);
    expect(emitter.emitted[1]?.event).toBe(run);
  });

  test("gives the payloads of one type by emittedOf", () => {
    const emitter = createFakeEmitter<CustomEvents>();
    emitter.emit("review:started", { prNumber: 1 });
    emitter.emit("execution:completed", executionCompleted());
    emitter.emit("review:started", { prNumber: 2 });
    expect(emitter.emittedOf("review:started")).toEqual([{ prNumber: 1 }, { prNumber: 2 }]);
    expect(emitter.emittedOf("tick")).toEqual([]);
  });

  test("remembers an event before those that its handlers emit", () => {
    const emitter = createFakeEmitter<CustomEvents>();
    emitter.on("tick", () => emitter.emit("review:started", { prNumber: 1 }));
    emitter.emit("tick");
    expect(emitter.emitted.map(({ type }) => type)).toEqual(["tick", "review:started"]);
  });

  test("calls handlers as mitt does, those of every event last", () => {
    const steps: unknown[] = [];
    const emitter = createFakeEmitter<CustomEvents>();
    emitter.on("*", (type, event) => steps.push([type, event]));
    emitter.on("review:started", ({ prNumber }) => steps.push(`one ${prNumber}`));
    const two = () => steps.push("two");
    emitter.on("review:started", two);
    emitter.emit("review:started", { prNumber: 1 });
    emitter.off("review:started", two);
    emitter.emit("review:started", { prNumber: 2 });
    expect(steps).toEqual([
      "one 1",
      "two",
      ["review:started", { prNumber: 1 }],
      "one 2",
      ["review:started", { prNumber: 2 }],
    ]);
  });

  test("throws what a handler throws, as mitt does, and has remembered the event", () => {
    const steps: string[] = [];
    const emitter = createFakeEmitter();
    emitter.on("execution:completed", () => steps.push("before"));
    emitter.on("execution:completed", () => {
      throw new Error("a broken handler");
    });
    emitter.on("execution:completed", () => steps.push("behind"));
    expect(() => emitter.emit("execution:completed", executionCompleted())).toThrow("a broken handler");
    expect(steps).toEqual(["before"]);
    expect(emitter.emitted).toHaveLength(1);
  });

  test("gives the handlers of one type by handlersOf, in calling order, as a copy", () => {
    const emitter = createFakeEmitter<CustomEvents>();
    const [one, two] = [() => {}, () => {}];
    expect(emitter.handlersOf("tick")).toEqual([]);
    emitter.on("tick", one);
    emitter.on("tick", two);
    const before = emitter.handlersOf("tick");
    emitter.off("tick", one);
    expect(before).toEqual([one, two]);
    expect(emitter.handlersOf("tick")).toEqual([two]);
    expect(emitter.handlersOf("review:started")).toEqual([]);
  });

  test("is an emitter for an app and its plugins, which may reorder its handlers", async () => {
    const emitter = createFakeEmitter();
    const store = createFakeStore();
    const mine = () => {};
    emitter.on("execution:completed", mine);
    const app = createApp({ emitter, logger: recordingLogger() }).use(telemetryPlugin, { store });
    expect(emitter.handlersOf("execution:completed")).toHaveLength(2);
    expect(emitter.handlersOf("execution:completed").at(-1)).toBe(mine);
    app.emitter.emit("execution:completed", executionCompleted({ repo: "octo-org/one" }));
    await app.close();
    expect(emitter.handlersOf("execution:completed")).toEqual([mine]);
    expect(emitter.emitted).toHaveLength(1);
    expect(store.records).toMatchObject([{ repo: "octo-org/one" }]);
  });
});

describe("createFakeStore", () => {
  const run = executionCompleted();
  const incident = { kind: "rejected", reason: "a test" } as const;
  const METHODS = [
    ["record", (store: FakeStore) => store.record(run)],
    ["recordMany", (store: FakeStore) => store.recordMany([run, run])],
    ["recordIncident", (store: FakeStore) => store.recordIncident?.(incident)],
    ["purgeOlderThan", (store: FakeStore) => store.purgeOlderThan(90)],
    ["checkpoint", (store: FakeStore) => store.checkpoint()],
    ["close", (store: FakeStore) => store.close()],
  ] as const;
  const ANSWERS = {
    record: undefined,
    recordMany: { written: 2, duplicates: 0 },
    recordIncident: undefined,
    purgeOlderThan: 0,
    checkpoint: undefined,
    close: undefined,
  };

  test("succeeds synchronously by default, and keeps records and incidents in order", () => {
    const store = createFakeStore();
    const [one, two, three] = ["one", "two", "three"].map((repo) => executionCompleted({ repo }));
    if (one === undefined || two === undefined || three === undefined) throw new Error("unreachable");
    expect(store.record(one)).toBeUndefined();
    expect(store.recordMany([two, three])).toEqual({ written: 2, duplicates: 0 });
    expect(store.recordIncident?.(incident)).toBeUndefined();
    expect(store.records).toEqual([one, two, three]);
    expect(store.incidents).toEqual([incident]);
  });

  test.each(METHODS)("%s answers at once in mode succeed", (method, call) => {
    const store = createFakeStore({ mode: "succeed" });
    expect(call(store)).toEqual(ANSWERS[method]);
    expect(store.calls).toEqual([method]);
  });

  test.each(METHODS)("%s throws the store's error in mode throw, and stores nothing", (method, call) => {
    const store = createFakeStore({ mode: "throw" });
    expect(() => call(store)).toThrow(store.error);
    expect(store.calls).toEqual([method]);
    expect([store.records, store.incidents]).toEqual([[], []]);
  });

  test.each(METHODS)("%s rejects with the store's error in mode reject", async (method, call) => {
    const store = createFakeStore({ mode: "reject" });
    const answer = call(store);
    expect(answer).toBeInstanceOf(Promise);
    await expect(Promise.resolve(answer)).rejects.toBe(store.error);
    expect(store.calls).toEqual([method]);
    expect([store.records, store.incidents]).toEqual([[], []]);
  });

  test.each(METHODS)("%s answers in mode stall only after release", async (method, call) => {
    const store = createFakeStore({ mode: "stall" });
    const answer = call(store);
    await Bun.sleep(0);
    expect(Bun.peek.status(answer)).toBe("pending");
    expect(store.calls).toEqual([method]);
    expect([store.records, store.incidents]).toEqual([[], []]);
    store.release();
    expect(await answer).toEqual(ANSWERS[method]);
  });

  test("fails with the error that it is given", async () => {
    const store = createFakeStore({ mode: "throw" });
    store.error = new Error("disk full");
    expect(() => store.checkpoint()).toThrow("disk full");
    store.mode = "reject";
    await expect(Promise.resolve(store.checkpoint())).rejects.toThrow("disk full");
  });

  test("release lets what stalled succeed in order, and what follows succeed at once", async () => {
    const store = createFakeStore({ mode: "stall" });
    const stalled = ["one", "two"].map((repo) => store.record(executionCompleted({ repo })));
    store.release();
    expect(store.mode).toBe("succeed");
    await Promise.all(stalled);
    expect(store.record(executionCompleted({ repo: "three" }))).toBeUndefined();
    expect(store.records.map(({ repo }) => repo)).toEqual(["one", "two", "three"]);
  });

  test("can stall again after a release, and a release without anything stalled is harmless", async () => {
    const store = createFakeStore();
    store.release();
    store.mode = "stall";
    const answer = store.record(run);
    await Bun.sleep(0);
    expect(Bun.peek.status(answer)).toBe("pending");
    store.release();
    await answer;
    expect(store.records).toEqual([run]);
  });

  test("follows its mode from call to call", async () => {
    const store = createFakeStore();
    store.record(run);
    store.mode = "throw";
    expect(() => store.record(run)).toThrow(store.error);
    store.mode = "reject";
    await expect(Promise.resolve(store.record(run))).rejects.toBe(store.error);
    store.mode = "succeed";
    store.record(run);
    expect(store.records).toEqual([run, run]);
    expect(store.calls).toEqual(["record", "record", "record", "record"]);
  });
});

describe("executionCompleted", () => {
  test("is the same each time, as an object of its own", () => {
    expect(executionCompleted()).toEqual(executionCompleted());
    expect(executionCompleted()).not.toBe(executionCompleted());
  });

  test("differs by the overrides only", () => {
    const { conclusion, costUsd, ...rest } = executionCompleted({ conclusion: "failure", costUsd: null });
    expect({ conclusion, costUsd }).toEqual({ conclusion: "failure", costUsd: null });
    expect(executionCompleted()).toMatchObject({ ...rest });
    expect(executionCompleted({ executionId: "mine" }).executionId).toBe("mine");
  });

  test("is an event that a real ledger stores, each a run of its own", () => {
    const dbPath = join(tempDir(), "telemetry.db");
    const store = createTelemetryStore({ dbPath, logger: recordingLogger() });
    const runs = [executionCompleted(), executionCompleted({ repo: "octo-org/other" })];
    expect(store.recordMany(runs)).toEqual({ written: 2, duplicates: 0 });
    store.close();
    expect(read(dbPath, "SELECT repo, usage_source, cost_source FROM executions ORDER BY id")).toEqual([
      { repo: "octo-org/octo-repo", usage_source: "reported", cost_source: "reported" },
      { repo: "octo-org/other", usage_source: "reported", cost_source: "reported" },
    ]);
  });
});
