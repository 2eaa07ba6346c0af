import { definePlugin, type PluginEmitter, type PluginHost } from "../../src/app/plugin";
import { defaultLogger, harmless } from "../../src/logger";
import { DirectRecorder } from "../../src/recorder/direct-recorder";
import { QueuedRecorder } from "../../src/recorder/recorder";
import type { Telemetry, TelemetryCloseReport } from "../../src/recorder/types";
import { startInline, startThread } from "../../src/recorder/writer-link";
import { announce, forerunnersOf, siblingsOf } from "../../src/reload";
import { type RunningTelemetry, TELEMETRY } from "../../src/running-plugins";
import { Intake } from "./intake";
import { parseOptions, type TelemetryPluginOptions } from "./options";

/**
 * Stores every `"execution:completed"` event of the host in a SQLite ledger. All options are optional.
 *
 * @throws {RunledgerError} `INVALID_OPTION` at `app.use`. A ledger that can't be opened does not stop the host:
 *   `stats().state` is `degraded`, and opening is retried.
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
    /** The recorder or, after a reload, the successor's handle. */
    let current: Successor["handle"] = recorder;
    const intake = new Intake((run) => recorder.record(run));
    let forget = () => {};
    let closing: Promise<TelemetryCloseReport> | undefined;
    const close = (timeoutMs: number): Promise<TelemetryCloseReport> => {
      forget();
      intake.end();
      closing ??= recorder.close(timeoutMs);
      return closing;
    };

    const telemetry: Telemetry = {
      // Reading it keeps the process alive.
      get ready() {
        return recorder.ready;
      },
      record: (record) => current.record(record),
      flush: () => current.flush(),
      stats: () => recorder.stats(),
      purgeOlderThan: (days) => current.purgeOlderThan(days),
      checkpoint: () => current.checkpoint(),
      close: () => close(options.closeTimeoutMs),
      async [Symbol.asyncDispose]() {
        await telemetry.close();
      },
    };
    try {
      // Finish before the host gives up, so that what is left can be spilled and logged.
      host.onClose((context) =>
        close(Math.min(options.closeTimeoutMs, 0.9 * (context?.timeoutMs ?? Infinity))),
      );
      intake.subscribe(host.emitter);
    } catch (error) {
      close(0);
      throw error;
    }

    const { emitter } = host;
    const dbPath = options.store === undefined && options.dbPath !== ":memory:" ? options.dbPath : undefined;
    const running: Running = {
      dbPath,
      intake,
      isOn: (other) => other === emitter,
      stats: () => recorder.stats(),
      yieldTo(successor) {
        successor.intake.takeOver(intake.release(), successor.emitter);
        current = successor.handle;
        close(options.closeTimeoutMs).catch(() => {});
      },
    };
    replaceForerunners({ dbPath, intake, handle: telemetry, emitter });
    forget = announce(TELEMETRY, running);
    return telemetry;
  },
});

/** The plugin that takes over. */
interface Successor {
  /** `undefined` with an injected store. */
  readonly dbPath: string | undefined;
  readonly intake: Intake;
  readonly handle: Pick<Telemetry, "record" | "flush" | "purgeOlderThan" | "checkpoint">;
  readonly emitter: PluginEmitter;
}

/** A plugin that is set up and not yet closed, as its successor after a reload sees it. */
interface Running extends RunningTelemetry, Pick<Successor, "dbPath" | "intake"> {
  /** Flushes and ends; later events go to the successor. */
  yieldTo(successor: Successor): void;
}

/**
 * After a reload (`bun --hot`), a plugin on the same file or the same emitter takes over from its predecessor of the
 * earlier evaluation. Two applications of the same evaluation may share a file.
 */
function replaceForerunners(successor: Successor): void {
  const { dbPath, emitter } = successor;
  for (const forerunner of forerunnersOf<Running>(TELEMETRY)) {
    const isOnSameFile = dbPath !== undefined && forerunner.dbPath === dbPath;
    if (isOnSameFile || forerunner.isOn(emitter)) forerunner.yieldTo(successor);
  }
  // Another application of this evaluation may already have taken over a subscription to our emitter.
  for (const { intake } of siblingsOf<Running>(TELEMETRY)) intake.leave(emitter);
}
