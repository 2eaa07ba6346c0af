import { definePlugin, type PluginHost } from "../../src/app/plugin";
import { defaultLogger, harmless } from "../../src/logger";
import { DirectRecorder } from "../../src/recorder/direct-recorder";
import { QueuedRecorder } from "../../src/recorder/recorder";
import type { Telemetry, TelemetryCloseReport } from "../../src/recorder/types";
import { startInline, startThread } from "../../src/recorder/writer-link";
import { parseOptions, type TelemetryPluginOptions } from "./options";
import { subscribeFirst } from "./subscribe-first";

/**
 * Keeps every `"execution:completed"` event of the host in a SQLite ledger. Usable as it is, or with options.
 *
 * @throws {RunledgerError} `INVALID_OPTION` at `app.use`. A ledger that can't be opened does not stop the host:
 *   `stats().state` is `degraded`, and it is tried again.
 * @example
 * ```ts
 * const app = createApp().use(telemetryPlugin);
 * app.get(telemetryPlugin).stats();
 * ```
 */
export const telemetryPlugin = definePlugin({
  name: "telemetry",
  setup(host: PluginHost, givenOptions?: TelemetryPluginOptions): Telemetry {
    const options = parseOptions(givenOptions);
    const logger = harmless(options.logger ?? host.logger ?? defaultLogger());
    const recorder =
      options.store === undefined
        ? new QueuedRecorder(options, options.writer === "thread" ? startThread : startInline, logger)
        : new DirectRecorder(options.store, options.retentionDays, logger);
    let unsubscribe = () => {};
    let closing: Promise<TelemetryCloseReport> | undefined;
    const close = (timeoutMs: number): Promise<TelemetryCloseReport> => {
      unsubscribe();
      closing ??= recorder.close(timeoutMs);
      return closing;
    };

    const telemetry: Telemetry = {
      // To ask for it keeps the process alive.
      get ready() {
        return recorder.ready;
      },
      record: (record) => recorder.record(record),
      flush: () => recorder.flush(),
      stats: () => recorder.stats(),
      purgeOlderThan: (days) => recorder.purgeOlderThan(days),
      checkpoint: () => recorder.checkpoint(),
      close: () => close(options.closeTimeoutMs),
      async [Symbol.asyncDispose]() {
        await telemetry.close();
      },
    };
    try {
      // Sooner than the host gives up, so that what is left is spilled, and said, in time.
      host.onClose((context) =>
        close(Math.min(options.closeTimeoutMs, 0.9 * (context?.timeoutMs ?? Infinity))),
      );
      unsubscribe = subscribeFirst(host.emitter, "execution:completed", (run) => recorder.record(run));
    } catch (error) {
      close(0);
      throw error;
    }
    return telemetry;
  },
});
