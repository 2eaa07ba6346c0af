import { definePlugin, type PluginHost } from "../../src/app/plugin";
import { RunledgerError } from "../../src/errors";
import { defaultLogger, harmless } from "../../src/logger";
import { DirectRecorder } from "../../src/telemetry/direct-recorder";
import { DAY_MS } from "../../src/telemetry/time";
import type { Telemetry, TelemetryCloseReport, TelemetryStats } from "../../src/telemetry/types";
import { injectedBackend, openBackend } from "./backend";
import { parseOptions, type TelemetryPluginOptions } from "./options";
import { subscribeFirst } from "./subscribe-first";

const DEFAULT_DB_PATH = "./data/telemetry.db";

/**
 * Keeps every `"execution:completed"` event of the host in a SQLite ledger. Usable as it is, or with options.
 *
 * @throws {RunledgerError} at `app.use`: `INVALID_OPTION`, `OPEN_FAILED`, `SCHEMA_TOO_NEW`
 * @example
 * ```ts
 * const app = createApp().use(telemetryPlugin);
 * app.get(telemetryPlugin).stats();
 * ```
 */
export const telemetryPlugin = definePlugin({
  name: "telemetry",
  setup: (host: PluginHost, options?: TelemetryPluginOptions): Telemetry => startTelemetry(host, options),
});

function startTelemetry(host: PluginHost, givenOptions: TelemetryPluginOptions = {}): Telemetry {
  const options = parseOptions(givenOptions);
  const { retentionDays, closeTimeoutMs } = options;
  const logger = harmless(options.logger ?? host.logger ?? defaultLogger());
  const dbPath = options.dbPath ?? (process.env["TELEMETRY_DB_PATH"] || DEFAULT_DB_PATH);
  const {
    store,
    write,
    close: closeBackend,
  } = options.store === undefined
    ? openBackend(dbPath, options.synchronous, logger)
    : injectedBackend(options.store);
  const recorder = new DirectRecorder(write, (incident) => store.recordIncident?.(incident), logger);
  let state: TelemetryStats["state"] = "open";
  let closing: Promise<TelemetryCloseReport> | undefined;

  /** Starts at once, so that a synchronous store is done when this returns; a failure is logged. */
  const attempt = (what: string, action: () => unknown): Promise<void> =>
    Promise.try(action).then(
      () => {},
      (err: unknown) => logger.warn({ err }, `${what} failed`),
    );
  const purge = (): void => {
    if (retentionDays !== false) attempt("the purge by retention", () => store.purgeOlderThan(retentionDays));
  };
  const assertOpen = (): void => {
    if (state === "closed") throw new RunledgerError("CLOSED", "The telemetry handle is closed.");
  };

  purge();
  attempt("the first checkpoint", () => store.checkpoint());
  const purging = setInterval(purge, DAY_MS);
  purging.unref();
  const unsubscribe = subscribeFirst(host.emitter, "execution:completed", (run) => recorder.record(run));

  const finish = async (): Promise<TelemetryCloseReport> => {
    state = "closing";
    unsubscribe();
    clearInterval(purging);
    const finished = recorder.close().then(() => attempt("closing the store", closeBackend));
    const timedOut = await outlasts(finished, closeTimeoutMs);
    state = "closed";
    const { received: _, ...counts } = recorder.counts;
    if (timedOut) logger.error(counts, "telemetry was closed before the store had answered");
    return { ...counts, timedOut };
  };

  const telemetry: Telemetry = {
    ready: Promise.resolve(),
    record: (record) => recorder.record(record),
    flush: () => recorder.flush(),
    stats: () => ({ ...recorder.counts, state }),
    async purgeOlderThan(days) {
      assertOpen();
      return store.purgeOlderThan(days);
    },
    async checkpoint() {
      assertOpen();
      await store.checkpoint();
    },
    close: () => (closing ??= finish()),
    [Symbol.asyncDispose]: async () => {
      await telemetry.close();
    },
  };
  host.onClose(() => telemetry.close());
  return telemetry;
}

async function outlasts(work: Promise<void>, timeoutMs: number): Promise<boolean> {
  const { promise: timeout, resolve } = Promise.withResolvers<true>();
  const timer = setTimeout(() => resolve(true), timeoutMs);
  try {
    return await Promise.race([work.then(() => false), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
