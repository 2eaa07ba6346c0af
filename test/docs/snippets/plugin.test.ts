import { expect, test } from "bun:test";
import { telemetryPlugin } from "runledger";
import { createFakeEmitter, createFakeStore, executionCompleted } from "runledger/testing";

test("the plugin records what is emitted, and survives a store that fails", async () => {
  const emitter = createFakeEmitter();
  const store = createFakeStore();
  const hooks: (() => unknown)[] = [];
  const telemetry = telemetryPlugin.setup({ emitter, onClose: (hook) => hooks.push(hook) }, { store });

  emitter.emit("execution:completed", executionCompleted({ costUsd: 0.5 }));
  expect(store.records).toMatchObject([{ costUsd: 0.5 }]);

  store.mode = "throw";
  expect(() => emitter.emit("execution:completed", executionCompleted())).not.toThrow();
  expect(telemetry.stats()).toMatchObject({ received: 2, written: 1, failed: 1 });

  store.mode = "succeed";
  for (const hook of hooks) await hook();
  expect(emitter.handlersOf("execution:completed")).toEqual([]);
});
