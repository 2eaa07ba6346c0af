import { definePlugin, type PluginEmitter, type PluginHost } from "../../src/app/plugin";
import { defaultLogger, harmless } from "../../src/logger";
import type { TelemetryRecord } from "../../src/record/types";
import { announce, forerunnersOf, siblingsOf } from "../../src/reload";
import { loadApi } from "./api";
import { ExecutionSender } from "./execution-sender";
import { Metrics } from "./metrics";
import { type Otel, type OtelPluginOptions, parseOptions } from "./options";
import { SelfMetrics } from "./self-metrics";
import { Spans } from "./spans";

/**
 * Sends every `"execution:completed"` event of the host to OpenTelemetry, as a span and metrics. It brings no SDK: it
 * uses the global providers, which may be registered at any time. Use it after the telemetry plugin. All options are
 * optional.
 *
 * @throws {RunledgerError} `INVALID_OPTION`, and `MISSING_PACKAGE` without `@opentelemetry/api`, at `app.use`.
 * @example
 * ```ts
 * const app = createApp().use(telemetryPlugin).use(otelPlugin, { agentName: "reviewer" });
 * app.get(otelPlugin).stats();
 * ```
 */
export const otelPlugin = definePlugin({
  name: "otel",
  setup(host: PluginHost, givenOptions?: OtelPluginOptions): Otel {
    const options = parseOptions(givenOptions);
    const api = loadApi();
    const { emitter } = host;
    const spans = options.signals.includes("spans") ? new Spans(api, options) : undefined;
    const self = new SelfMetrics(emitter, () => spans?.omitted ?? 0);
    const metrics = options.signals.includes("metrics")
      ? new Metrics(api, options, (meter) => self.observe(meter))
      : undefined;
    const signals = [spans, metrics].filter((signal) => signal !== undefined);
    const sender = new ExecutionSender(signals, harmless(host.logger ?? defaultLogger()));
    let isClosed = false;
    const send = (event: TelemetryRecord) => sender.send(event);
    const close = () => {
      if (isClosed) return;
      isClosed = true;
      emitter.off("execution:completed", send);
      self.look();
      sender.close();
    };
    host.onClose(close);
    emitter.on("execution:completed", send);
    retireOthers(emitter);
    const forget = announce<Running>(OTEL, {
      isClosed: () => isClosed,
      isOn: (other) => other === emitter,
      retire() {
        forget();
        self.stop();
      },
      close,
    });
    sender.look();
    return { stats: () => ({ ...sender.counts, withoutSpan: spans?.omitted ?? 0 }), close };
  },
});

const OTEL = "otel";

/** A plugin that was set up, and whose metrics may still be collected. */
interface Running {
  isClosed(): boolean;
  isOn(emitter: PluginEmitter): boolean;
  /** Ends its observations. */
  retire(): void;
  close(): void;
}

/** Stops the metrics of plugins that a reload left behind, or that are closed. */
function retireOthers(emitter: PluginEmitter): void {
  for (const forerunner of forerunnersOf<Running>(OTEL)) {
    if (forerunner.isOn(emitter)) forerunner.close();
    forerunner.retire();
  }
  for (const sibling of siblingsOf<Running>(OTEL)) if (sibling.isClosed()) sibling.retire();
}
