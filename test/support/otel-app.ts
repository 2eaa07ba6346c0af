import { afterEach, beforeEach } from "bun:test";
import { otelPlugin } from "../../plugins/otel";
import type { OtelPluginOptions } from "../../plugins/otel/options";
import { createApp } from "../../src";
import type { TelemetryRecord } from "../../src/record/types";
import { SDKS, type Sdk, unregisterAll } from "./otel-sdks";
import { type OtlpReceiver, otlpReceiver } from "./otlp-receiver";
import { recordingLogger } from "./recording-logger";

/**
 * For the tests of a file: an application with the plugin, an SDK and a receiver, new ones for each test. They are
 * cleaned up afterwards.
 */
export function useOtelApps() {
  const started: (() => unknown)[] = [];
  beforeEach(unregisterAll);
  afterEach(async () => {
    for (const stop of started.splice(0).reverse()) await stop();
    unregisterAll();
  });

  function startReceiver(): { readonly receiver: OtlpReceiver; readonly sdk: Sdk } {
    const receiver = otlpReceiver();
    const sdk = SDKS[3](receiver.url);
    started.push(
      () => receiver[Symbol.dispose](),
      () => sdk.shutdown(),
    );
    return { receiver, sdk };
  }

  function startApp(options?: OtelPluginOptions) {
    const logger = recordingLogger();
    const app = createApp({ logger }).use(otelPlugin, options);
    started.push(() => app.close());
    const emit = (event: unknown) => app.emitter.emit("execution:completed", event as TelemetryRecord);
    return { app, emit, logger, stats: () => app.get(otelPlugin).stats() };
  }

  function start(options?: OtelPluginOptions) {
    const { receiver, sdk } = startReceiver();
    sdk.register();
    const running = startApp(options);
    return {
      ...running,
      receiver,
      sdk,
      async send(...events: readonly unknown[]) {
        for (const event of events) running.emit(event);
        await sdk.flush();
      },
    };
  }

  return { start, startApp, startReceiver };
}
