import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { metrics, trace } from "@opentelemetry/api";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import {
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { otelPlugin } from "../../../plugins/otel";
import { createApp, telemetryPlugin } from "../../../src";
import { executionCompleted } from "../../../src/testing";
import { SDKS, type Sdk, sdkOf, sdkWithSpanExporter, unregisterAll } from "../../support/otel-sdks";
import { otlpReceiver } from "../../support/otlp-receiver";
import { countRows } from "../../support/place";
import { recordingLogger } from "../../support/recording-logger";
import { tempDir } from "../../support/temp-dir";

const EVENTS = 20;
const folder = tempDir();
let files = 0;
beforeEach(unregisterAll);
afterEach(unregisterAll);

/** A host whose handler answers each delivery with what it emitted. */
async function answersOf(register: (when: "before" | "after") => void) {
  files += 1;
  const dbPath = join(folder, `${files}.db`);
  const logger = recordingLogger();
  register("before");
  const app = createApp({ logger, closeTimeoutMs: 60_000 }).use(telemetryPlugin, { dbPath }).use(otelPlugin);
  register("after");
  const handle = async (delivery: number) => {
    const event = executionCompleted({ executionId: `run-${delivery}`, prNumber: delivery });
    await Promise.resolve();
    app.emitter.emit("execution:completed", event);
    return `reviewed ${delivery}: ${event.conclusion}`;
  };
  const answers = await Promise.all(Array.from({ length: EVENTS }, (_, delivery) => handle(delivery)));
  await app.close();
  return { answers, rows: countRows(dbPath), stats: app.get(otelPlugin).stats(), log: logger.lines };
}

const UNCHANGED = {
  answers: Array.from({ length: EVENTS }, (_, delivery) => `reviewed ${delivery}: success`),
  rows: EVENTS,
};
const EXPECTED = { ...UNCHANGED, log: [] };

describe("an SDK that is registered", () => {
  test.each(["before", "after"] as const)("%s the plugin gets every event", async (when) => {
    using receiver = otlpReceiver();
    const sdk = SDKS[3](receiver.url);
    const outcome = await answersOf((now) => now === when && sdk.register());
    await sdk.shutdown();
    expect(outcome).toMatchObject({ ...EXPECTED, stats: { sent: EVENTS } });
    expect(receiver.spans).toHaveLength(EVENTS);
    expect(receiver.metric("runledger.execution.count")?.points).toMatchObject([{ value: EVENTS }]);
  });

  test("never changes nothing", async () => {
    expect(await answersOf(() => {})).toMatchObject({
      ...EXPECTED,
      stats: { received: EVENTS, withoutProvider: EVENTS },
    });
  });

  test("later gets the events from then on, spans and metrics each as they come", () => {
    const app = createApp().use(otelPlugin);
    const emit = () => app.emitter.emit("execution:completed", executionCompleted());
    const reader = new MeterProvider();
    emit();
    trace.setGlobalTracerProvider(new TracerProvider());
    emit();
    metrics.setGlobalMeterProvider(reader);
    emit();
    expect(app.get(otelPlugin).stats()).toMatchObject({ received: 3, sent: 2, withoutProvider: 1 });
  });
});

/** Does the same with each span. */
function exporterThat(does: SpanExporter["export"]): SpanExporter {
  return { export: does, shutdown: async () => {} };
}

const throwing: SpanProcessor = {
  onStart() {},
  onEnd() {
    throw new Error("a processor");
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};

describe("the host's answers, its ledger and its end are the same", () => {
  test.each<[string, () => Sdk]>([
    [
      "throws",
      () =>
        sdkWithSpanExporter(
          exporterThat(() => {
            throw new Error("an exporter");
          }),
        ),
    ],
    [
      "throws at once, of each span",
      () => {
        const exporter = exporterThat(() => {
          throw new Error("an exporter");
        });
        return sdkOf(
          new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
          new MeterProvider(),
        );
      },
    ],
    ["never answers", () => sdkWithSpanExporter(exporterThat(() => {}))],
    ["refuses", () => sdkWithSpanExporter(exporterThat((_, done) => done({ code: 1 })))],
  ])("with an exporter that %s", async (_, sdkThat) => {
    const sdk = sdkThat();
    const outcome = await answersOf((when) => when === "before" && sdk.register());
    expect(outcome).toMatchObject({ ...EXPECTED, stats: { sent: EVENTS } });
  });

  test("with a processor that throws within emit: counted, logged, and the metrics go out", async () => {
    using receiver = otlpReceiver();
    const sdk = SDKS[3](receiver.url);
    const outcome = await answersOf((when) => {
      if (when === "after") return;
      sdk.register();
      trace.disable();
      trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [throwing] }));
    });
    await sdk.shutdown();
    const { log, ...rest } = outcome;
    expect(rest).toMatchObject({ ...UNCHANGED, stats: { failed: EVENTS } });
    const logged = log.map(({ bindings }) => (bindings as { count: number }).count);
    expect(logged.reduce((sum, count) => sum + count, 0)).toBe(EVENTS);
    expect(receiver.metric("runledger.execution.count")?.points).toMatchObject([{ value: EVENTS }]);
  });

  test("with providers that throw", async () => {
    const broken = () => {
      throw new Error("a provider");
    };
    const { log, ...rest } = await answersOf((when) => {
      if (when === "after") return;
      trace.setGlobalTracerProvider({ getTracer: broken });
      metrics.setGlobalMeterProvider({ getMeter: broken });
    });
    expect(rest).toMatchObject({ ...UNCHANGED, stats: { failed: EVENTS } });
    expect(log.length).toBeGreaterThan(0);
  });

  test("with a receiver that is down, or gone", async () => {
    const receiver = otlpReceiver();
    const sdk = SDKS[3](receiver.url);
    receiver[Symbol.dispose]();
    const outcome = await answersOf((when) => when === "before" && sdk.register());
    expect(outcome).toMatchObject({ ...EXPECTED, stats: { sent: EVENTS } });
  });

  test("with a receiver that never answers", async () => {
    using receiver = otlpReceiver(() => new Promise(() => {}));
    const sdk = SDKS[3](receiver.url);
    const outcome = await answersOf((when) => when === "before" && sdk.register());
    // It is under way while the application goes on, and closes.
    sdk.flush().catch(() => {});
    expect(outcome).toMatchObject({ ...EXPECTED, stats: { sent: EVENTS } });
  });
});
