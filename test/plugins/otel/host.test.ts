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
import { type OtlpReceiver, otlpReceiver } from "../../support/otlp-receiver";
import { countRows } from "../../support/place";
import { recordingLogger } from "../../support/recording-logger";
import { tempDir } from "../../support/temp-dir";

const EVENTS = 20;
const folder = tempDir();
let files = 0;
beforeEach(unregisterAll);
afterEach(unregisterAll);

type Moment = "before the plugin" | "after the plugin" | "emitted";

/** A host whose handler answers each delivery with what it emitted; at each moment it does something else besides. */
async function answersOf(at: (moment: Moment) => unknown) {
  files += 1;
  const dbPath = join(folder, `${files}.db`);
  const logger = recordingLogger();
  at("before the plugin");
  const app = createApp({ logger, closeTimeoutMs: 60_000 }).use(telemetryPlugin, { dbPath }).use(otelPlugin);
  at("after the plugin");
  const handle = async (delivery: number) => {
    const event = executionCompleted({ executionId: `run-${delivery}`, prNumber: delivery });
    await Promise.resolve();
    app.emitter.emit("execution:completed", event);
    return `reviewed ${delivery}: ${event.conclusion}`;
  };
  const answers = await Promise.all(Array.from({ length: EVENTS }, (_, delivery) => handle(delivery)));
  at("emitted");
  await app.close();
  return { answers, rows: countRows(dbPath), stats: app.get(otelPlugin).stats(), log: logger.lines };
}

const UNCHANGED = {
  answers: Array.from({ length: EVENTS }, (_, delivery) => `reviewed ${delivery}: success`),
  rows: EVENTS,
};
const EXPECTED = { ...UNCHANGED, log: [] };

describe("an SDK that is registered", () => {
  test.each(["before the plugin", "after the plugin"] as const)("%s gets every event", async (when) => {
    using receiver = otlpReceiver();
    const sdk = SDKS[3](receiver.url);
    const outcome = await answersOf((moment) => moment === when && sdk.register());
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

const throwing: SpanProcessor = {
  onStart() {},
  onEnd() {
    throw new Error("a processor");
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};

/** Registers an SDK first, and has it export while the application closes. */
function exporting(sdk: Sdk): (moment: Moment) => void {
  return (moment) => {
    if (moment === "before the plugin") sdk.register();
    if (moment === "emitted") sdk.flush().catch(() => {});
  };
}

describe("the host's answers, its ledger and its end are the same", () => {
  test.each<[string, SpanExporter["export"]]>([
    [
      "throws",
      () => {
        throw new Error("an exporter");
      },
    ],
    ["never answers", () => {}],
    ["refuses", (_, done) => done({ code: 1 })],
  ])("with an exporter that %s", async (_, does) => {
    let exported = 0;
    const exporter: SpanExporter = {
      export(spans, done) {
        exported += spans.length;
        does(spans, done);
      },
      shutdown: async () => {},
    };
    const batches = sdkWithSpanExporter(exporter);
    expect(await answersOf(exporting(batches))).toMatchObject({ ...EXPECTED, stats: { sent: EVENTS } });
    expect(exported).toBe(EVENTS);

    // The same within emit.
    unregisterAll();
    const spanProcessors = [new SimpleSpanProcessor({ exporter })];
    const oneByOne = sdkOf(new TracerProvider({ spanProcessors }), new MeterProvider());
    expect(await answersOf(exporting(oneByOne))).toMatchObject({ ...EXPECTED, stats: { sent: EVENTS } });
    expect(exported).toBe(2 * EVENTS);
  });

  test("with a processor that throws within emit: counted, logged, and the metrics go out", async () => {
    using receiver = otlpReceiver();
    const sdk = SDKS[3](receiver.url);
    const outcome = await answersOf((moment) => {
      if (moment !== "before the plugin") return;
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
    const { log, ...rest } = await answersOf((moment) => {
      if (moment !== "before the plugin") return;
      trace.setGlobalTracerProvider({ getTracer: broken });
      metrics.setGlobalMeterProvider({ getMeter: broken });
    });
    expect(rest).toMatchObject({ ...UNCHANGED, stats: { failed: EVENTS } });
    expect(log.length).toBeGreaterThan(0);
  });

  test.each<[string, () => OtlpReceiver]>([
    [
      "is down",
      () => {
        const receiver = otlpReceiver();
        receiver[Symbol.dispose]();
        return receiver;
      },
    ],
    ["refuses", () => otlpReceiver(async () => new Response(null, { status: 400 }))],
    ["never answers", () => otlpReceiver(() => new Promise(() => {}))],
  ])("with a receiver that %s", async (_, receiverThat) => {
    using receiver = receiverThat();
    const outcome = await answersOf(exporting(SDKS[3](receiver.url)));
    expect(outcome).toMatchObject({ ...EXPECTED, stats: { sent: EVENTS } });
  });
});
