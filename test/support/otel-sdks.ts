import { context, metrics, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { OTLPMetricExporter as OTLPMetricExporter2 } from "otel-exporter-metrics-2";
import { OTLPTraceExporter as OTLPTraceExporter2 } from "otel-exporter-trace-2";
import {
  MeterProvider as MeterProvider2,
  PeriodicExportingMetricReader as PeriodicExportingMetricReader2,
} from "otel-sdk-metrics-2";
import { BasicTracerProvider, BatchSpanProcessor as BatchSpanProcessor2 } from "otel-sdk-trace-2";

/** An SDK with its exporters, not yet registered. */
export interface Sdk {
  /** Makes its providers the global ones. */
  register(): void;
  /** Exports everything collected so far. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

type TracerProviders = TracerProvider | BasicTracerProvider;
type MeterProviders = MeterProvider | MeterProvider2;

/** Only `flush` exports, so that no test waits for a timer. */
const NEVER = { exportIntervalMillis: 2 ** 31 - 1 };
/** Enough for the spans of any test. */
const QUEUE = { maxQueueSize: 20_000, scheduledDelayMillis: 2 ** 31 - 1 };

export const SDKS = {
  3: (url: string): Sdk =>
    sdkOf(
      new TracerProvider({
        spanProcessors: [
          new BatchSpanProcessor({
            exporter: new OTLPTraceExporter({ url: `${url}/v1/traces` }),
            ...QUEUE,
          }),
        ],
      }),
      new MeterProvider({
        readers: [
          new PeriodicExportingMetricReader({
            exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
            ...NEVER,
          }),
        ],
      }),
    ),
  2: (url: string): Sdk =>
    sdkOf(
      new BasicTracerProvider({
        spanProcessors: [new BatchSpanProcessor2(new OTLPTraceExporter2({ url: `${url}/v1/traces` }), QUEUE)],
      }),
      new MeterProvider2({
        readers: [
          new PeriodicExportingMetricReader2({
            exporter: new OTLPMetricExporter2({ url: `${url}/v1/metrics` }),
            ...NEVER,
          }),
        ],
      }),
    ),
} as const;

/** An SDK whose spans go to an exporter made by the test. */
export function sdkWithSpanExporter(exporter: SpanExporter): Sdk {
  return sdkOf(
    new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter, ...QUEUE })] }),
    new MeterProvider(),
  );
}

export function sdkOf(tracerProvider: TracerProviders, meterProvider: MeterProviders): Sdk {
  return {
    register() {
      trace.setGlobalTracerProvider(tracerProvider);
      metrics.setGlobalMeterProvider(meterProvider);
      context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    },
    async flush() {
      await Promise.all([tracerProvider.forceFlush(), meterProvider.forceFlush()]);
    },
    async shutdown() {
      await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);
    },
  };
}

/** Removes the global providers, so that other tests in the process find none. */
export function unregisterAll(): void {
  trace.disable();
  metrics.disable();
  context.disable();
}
