import { metrics, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { otelPlugin } from "../../plugins/otel";
import { createApp } from "../../src/index";
import type { StartContender } from "./contender";

/** Only the plugin, without an SDK in the process: nothing is sent. */
export const startOtelPluginWithoutSdk: StartContender = async () => {
  const app = createApp().use(otelPlugin);
  return {
    emit: (event) => app.emitter.emit("execution:completed", event),
    queued: () => 0,
    flush: async () => {},
    async close() {
      await app.close();
      return app.get(otelPlugin).stats().withoutProvider;
    },
  };
};

/** The plugin with an SDK: a span and metrics for each event. The exporters only report success. */
export const startOtelPlugin: StartContender = async () => {
  let exported = 0;
  const exporter: SpanExporter = {
    export(spans, done) {
      exported += spans.length;
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const tracerProvider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.DELTA),
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
  const app = createApp().use(otelPlugin);
  const { stats } = app.get(otelPlugin);
  return {
    emit: (event) => app.emitter.emit("execution:completed", event),
    queued: () => stats().sent - exported,
    flush: () => tracerProvider.forceFlush(),
    async close() {
      await app.close();
      await tracerProvider.shutdown();
      await meterProvider.shutdown();
      return exported;
    },
  };
};
