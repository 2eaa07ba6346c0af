import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import mitt from "mitt";
import { otelPlugin } from "../../../plugins/otel";
import { type AppEvents, createApp, telemetryPlugin } from "../../../src";
import { announce } from "../../../src/reload";
import { FORWARD, type RunningForwarder } from "../../../src/running-plugins";
import { createFakeStore, executionCompleted } from "../../../src/testing";
import { useOtelApps } from "../../support/otel-app";
import type { OtlpReceiver } from "../../support/otlp-receiver";
import { recordingLogger } from "../../support/recording-logger";
import { tempDir } from "../../support/temp-dir";
import { SELF_METRICS } from "./names";

const { startReceiver } = useOtelApps();
const folder = tempDir();
const TELEMETRY_METRICS = SELF_METRICS.map(([name]) => name).filter((name) => name.includes("telemetry"));

function valuesOf(receiver: OtlpReceiver, name: string) {
  return receiver.metric(`runledger.${name}`)?.points.map(({ value }) => value);
}

function stateOf(receiver: OtlpReceiver) {
  const points = receiver.metric("runledger.telemetry.state")?.points ?? [];
  return points.filter(({ value }) => value === 1).map(({ attributes }) => attributes["runledger.state"]);
}

describe("what stats() says is observed", () => {
  test.each(["before", "after"] as const)(
    "with the plugin used %s telemetry, at the end too",
    async (when) => {
      const { receiver, sdk } = startReceiver();
      sdk.register();
      const app = createApp({ logger: recordingLogger() });
      if (when === "before") app.use(otelPlugin);
      app.use(telemetryPlugin, { dbPath: join(folder, `${when}.db`) });
      if (when === "after") app.use(otelPlugin);
      const telemetry = app.get(telemetryPlugin);
      await telemetry.ready;
      const emit = (event: object) => app.emitter.emit("execution:completed", event as never);
      emit(executionCompleted({ executionId: "a", durationMs: null }));
      await telemetry.flush();
      await sdk.flush();
      expect(stateOf(receiver)).toEqual(["open"]);
      expect(receiver.metric("runledger.telemetry.state")?.points).toHaveLength(5);
      expect(valuesOf(receiver, "spans.omitted")).toEqual([1]);

      emit(executionCompleted({ executionId: "a" }));
      emit({ repo: "" });
      await app.close();
      await sdk.flush();
      expect(stateOf(receiver)).toEqual(["closed"]);
      const { lastFlushMs = Number.NaN, ...stats } = telemetry.stats();
      for (const stat of ["received", "written", "duplicates", "rejected", "spilled", "dropped"] as const)
        expect([stat, valuesOf(receiver, `telemetry.${stat}`)]).toEqual([stat, [stats[stat]]]);
      expect(stats).toMatchObject({ received: 3, written: 1, duplicates: 1, rejected: 1 });
      expect(valuesOf(receiver, "telemetry.queued")).toEqual([0]);
      expect(valuesOf(receiver, "telemetry.restarts")).toEqual([0]);
      expect(valuesOf(receiver, "telemetry.flush.duration")).toEqual([lastFlushMs / 1_000]);
    },
  );

  test("from the start, where the provider is there already", async () => {
    const { receiver, sdk } = startReceiver();
    sdk.register();
    const store = createFakeStore();
    await using _ = createApp().use(telemetryPlugin, { store }).use(otelPlugin);
    await sdk.flush();
    expect(valuesOf(receiver, "telemetry.received")).toEqual([0]);
  });

  test("of the telemetry on the same bus alone, and of none where there is none", async () => {
    const { receiver, sdk } = startReceiver();
    sdk.register();
    await using other = createApp().use(telemetryPlugin, { store: createFakeStore() });
    other.emitter.emit("execution:completed", executionCompleted());
    await using app = createApp().use(otelPlugin);
    app.emitter.emit("execution:completed", executionCompleted());
    await sdk.flush();
    expect(receiver.metrics.map(({ name }) => name)).not.toContainAnyValues(TELEMETRY_METRICS);
  });

  test("and what forwarders are behind, by target", async () => {
    const { receiver, sdk } = startReceiver();
    sdk.register();
    const forwarder = (target: string, behind: number) =>
      announce<RunningForwarder>(FORWARD, {
        target,
        stats: () => ({
          ...{ forwarded: 0, duplicates: 0, rejected: 0, incidents: 0, behind },
          ...{ state: "open", lastError: undefined, restarts: 0 },
        }),
      });
    const forget = [forwarder("db:5432/one", 3), forwarder("db:5432/two", 0)];
    await using app = createApp().use(otelPlugin);
    app.emitter.emit("execution:completed", executionCompleted());
    await sdk.flush();
    for (const undo of forget) undo();
    expect(
      receiver
        .metric("runledger.forward.behind")
        ?.points.map(({ value, attributes }) => [attributes["runledger.forward.target"], value]),
    ).toEqual([
      ["db:5432/one", 3],
      ["db:5432/two", 0],
    ]);
  });

  test("by the plugin of the next application, once it has taken over", async () => {
    const { receiver, sdk } = startReceiver();
    sdk.register();
    for (const events of [1, 2]) {
      const app = createApp().use(telemetryPlugin, { store: createFakeStore() }).use(otelPlugin);
      for (let event = 0; event < events; event += 1)
        app.emitter.emit("execution:completed", executionCompleted());
      await app.close();
      await sdk.flush();
      expect(valuesOf(receiver, "telemetry.received")).toEqual([events]);
    }
  });
});

describe("after a reload", () => {
  const running = () =>
    (globalThis as unknown as Record<symbol, Set<{ evaluation: object }>>)[
      Symbol.for("runledger.running/1")
    ] ?? new Set();
  const reload = () => {
    for (const some of running()) some.evaluation = {};
  };

  test("an emitter that is kept sends each event once", async () => {
    const { receiver, sdk } = startReceiver();
    sdk.register();
    const emitter = mitt<AppEvents>();
    const old = createApp({ emitter }).use(otelPlugin);
    emitter.emit("execution:completed", executionCompleted());
    reload();
    await using next = createApp({ emitter }).use(otelPlugin);
    emitter.emit("execution:completed", executionCompleted());
    await sdk.flush();
    expect(receiver.spans).toHaveLength(2);
    expect(old.get(otelPlugin).stats().received).toBe(1);
    expect(next.get(otelPlugin).stats().received).toBe(1);
  });

  test("what handlers of before still emit on their own emitter is sent too", async () => {
    const { receiver, sdk } = startReceiver();
    sdk.register();
    const old = createApp().use(otelPlugin);
    reload();
    await using next = createApp().use(otelPlugin);
    for (const app of [old, next]) app.emitter.emit("execution:completed", executionCompleted());
    await sdk.flush();
    expect(receiver.spans).toHaveLength(2);
    await old.close();
  });
});
