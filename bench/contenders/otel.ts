import type { Attributes } from "@opentelemetry/api";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { busWith } from "./bus";
import type { StartContender } from "./contender";

/** A span per event with the sixteen fields as attributes; the exporter only reports success. */
export const startOtel: StartContender = async () => {
  let exported = 0;
  const exporter: SpanExporter = {
    export(spans, done) {
      exported += spans.length;
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const processor = new BatchSpanProcessor({ exporter });
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer("bench");
  let ended = 0;
  return {
    emit: busWith((event) => {
      tracer.startSpan("execution", { attributes: { ...event } as Attributes }).end();
      ended += 1;
    }),
    queued: () => ended - exported,
    flush: () => processor.forceFlush(),
    async close() {
      await provider.shutdown();
      return exported;
    },
  };
};
