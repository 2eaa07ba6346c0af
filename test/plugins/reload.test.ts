import { afterEach, beforeEach, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { join } from "node:path";
import mitt from "mitt";
import { forwardPlugin } from "../../plugins/forward";
import { telemetryPlugin } from "../../plugins/telemetry";
import { type AppEvents, createApp } from "../../src";
import type { CloseHook, PluginHost } from "../../src/app/plugin";
import { createFakeStore, executionCompleted } from "../../src/testing";
import { countRows } from "../support/place";
import { tempDir } from "../support/temp-dir";

// What a reload leaves behind is played here by what runs: after `reload` it is of an earlier evaluation. Real reloads
// are those of test/faults/reload.test.ts.

const folder = tempDir();
let files = 0;
let dbPath = "";
const hosts: CloseHook[] = [];
beforeEach(() => {
  files += 1;
  dbPath = join(folder, `${files}.db`);
});
afterEach(async () => {
  for (const close of hosts.splice(0)) await close();
});

const running = () =>
  (globalThis as unknown as Record<symbol, Set<{ evaluation: object }>>)[Symbol.for("runledger.running/1")] ??
  new Set();

function reload(): void {
  for (const some of running()) some.evaluation = {};
}

function start(emitter = mitt<AppEvents>(), path = dbPath) {
  const app = createApp({ emitter }).use(telemetryPlugin, { dbPath: path });
  hosts.push(() => app.close());
  const emit = () => emitter.emit("execution:completed", executionCompleted());
  return { app, emitter, emit, telemetry: app.get(telemetryPlugin) };
}

test("two applications of one evaluation share a file, each with its own events", async () => {
  const [first, second] = [start(), start()];
  first.emit();
  second.emit();
  await first.app.close();
  second.emit();
  await second.app.close();
  expect(first.telemetry.stats()).toMatchObject({ received: 1, written: 1 });
  expect(second.telemetry.stats()).toMatchObject({ received: 2, written: 2 });
  expect(countRows(dbPath)).toBe(3);
});

test("after a reload the forerunner flushes and ends; what its emitter and its handle still get, the successor stores", async () => {
  const old = start();
  old.emit();
  reload();
  const next = start();
  old.emit();
  old.telemetry.record(executionCompleted());
  next.emit();
  expect(old.telemetry.stats().state).toBe("closing");
  await old.telemetry.flush();
  await old.telemetry.close();
  old.emit();
  await next.app.close();
  old.emit();
  expect(old.telemetry.stats()).toMatchObject({ received: 1, written: 1, state: "closed" });
  expect(next.telemetry.stats()).toMatchObject({ received: 4, written: 4 });
  expect(countRows(dbPath)).toBe(5);
});

test("on the same emitter a subscription is replaced, whatever the file is", async () => {
  const old = start();
  reload();
  const other = join(folder, `${files}-other.db`);
  const next = start(old.emitter, other);
  next.emit();
  await next.app.close();
  expect(old.emitter.all.get("execution:completed")).toEqual([]);
  await old.telemetry.close();
  expect([countRows(dbPath), countRows(other)]).toEqual([0, 1]);
});

test("over several reloads, with emitters of their own and with none of them new", async () => {
  const before = running().size;
  const first = start();
  reload();
  const second = start();
  reload();
  const third = start(second.emitter);
  for (const { emit } of [first, second, third]) emit();
  await first.telemetry.close();
  await second.telemetry.close();
  first.telemetry.record(executionCompleted());
  await first.telemetry.flush();
  expect(third.telemetry.stats()).toMatchObject({ received: 4, written: 4 });
  await third.app.close();
  expect(countRows(dbPath)).toBe(4);
  expect(running().size).toBe(before);
});

test("two applications on one file, both reloaded: each event goes to one of them, once", async () => {
  const emitters = [mitt<AppEvents>(), mitt<AppEvents>()] as const;
  for (const emitter of emitters) start(emitter);
  reload();
  const first = start(emitters[0]);
  emitters[1].emit("execution:completed", executionCompleted());
  const second = start(emitters[1]);
  first.emit();
  second.emit();
  await Promise.all([first.app.close(), second.app.close()]);
  expect(first.telemetry.stats().received).toBe(2);
  expect(second.telemetry.stats().received).toBe(1);
  expect(countRows(dbPath)).toBe(3);
});

test("adapters of one bus, made anew by each load: an event is stored as often as it was emitted", async () => {
  const bus = new EventEmitter();
  const setUp = () => {
    const host: PluginHost = {
      emitter: {
        on: (type, handler) => bus.on(type, handler),
        off: (type, handler) => bus.off(type, handler),
      },
      onClose: (hook) => hosts.push(hook),
    };
    return telemetryPlugin.setup(host, { dbPath });
  };
  setUp();
  reload();
  setUp();
  reload();
  const last = setUp();
  const run = executionCompleted();
  bus.emit("execution:completed", run);
  bus.emit("execution:completed", run);
  bus.emit("execution:completed", executionCompleted());
  expect(last.stats().received).toBe(3);
  await last.close();
  expect(countRows(dbPath)).toBe(3);
});

test("another file, on another emitter, is another application's", async () => {
  const old = start();
  reload();
  start(mitt<AppEvents>(), join(folder, `${files}-other.db`));
  old.emit();
  await old.app.close();
  expect(old.telemetry.stats()).toMatchObject({ received: 1, written: 1 });
});

test("a store of one's own is replaced where the emitter is the same", async () => {
  const emitter = mitt<AppEvents>();
  const [before, after] = [createFakeStore(), createFakeStore()];
  createApp({ emitter }).use(telemetryPlugin, { store: before });
  reload();
  const app = createApp({ emitter }).use(telemetryPlugin, { store: after });
  emitter.emit("execution:completed", executionCompleted());
  expect([before.records.length, after.records.length]).toEqual([0, 1]);
  await app.close();
});

test("forwarding to the same target gives way, to another goes on", async () => {
  const forward = (database: string) => {
    const to = `postgres://nobody@127.0.0.1:1/${database}`;
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const app = createApp({ logger }).use(forwardPlugin, { from: dbPath, to, closeTimeoutMs: 100 });
    hosts.push(() => app.close());
    return app.get(forwardPlugin);
  };
  const [same, other] = [forward("same"), forward("other")];
  reload();
  const next = forward("same");
  expect([same, other, next].map((one) => one.stats().state === "closing")).toEqual([true, false, false]);
  await same.close();
  expect(same.stats().state).toBe("closed");
});
