import { definePlugin, type PluginEmitter, type PluginHost } from "../../src/app/plugin";
import { defaultLogger, harmless } from "../../src/logger";
import { DirectRecorder } from "../../src/recorder/direct-recorder";
import { QueuedRecorder } from "../../src/recorder/recorder";
import type { Telemetry, TelemetryCloseReport } from "../../src/recorder/types";
import { startInline, startThread } from "../../src/recorder/writer-link";
import { announce, forerunnersOf, siblingsOf } from "../../src/reload";
import { Intake } from "./intake";
import { parseOptions, type TelemetryPluginOptions } from "./options";

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
    /** After a reload, that of the successor. */
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
      // To ask for it keeps the process alive.
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
      // Sooner than the host gives up, so that what is left is spilled, and said, in time.
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
      yieldTo(successor) {
        successor.intake.takeOver(intake.release(), successor.emitter);
        current = successor.handle;
        close(options.closeTimeoutMs).catch(() => {});
      },
    };
    replaceForerunners({ dbPath, intake, handle: telemetry, emitter });
    forget = announce(KIND, running);
    return telemetry;
  },
});

const KIND = "telemetry";

/** Who takes over. */
interface Successor {
  /** `undefined` where there is no file. */
  readonly dbPath: string | undefined;
  readonly intake: Intake;
  readonly handle: Pick<Telemetry, "record" | "flush" | "purgeOlderThan" | "checkpoint">;
  readonly emitter: PluginEmitter;
}

/** A plugin that is set up and not closed, as whoever comes after a reload sees it. */
interface Running extends Pick<Successor, "dbPath" | "intake"> {
  isOn(emitter: PluginEmitter): boolean;
  /** Flushes and ends; what it would still get goes to the successor. */
  yieldTo(successor: Successor): void;
}

/**
 * After a reload (`bun --hot`) whoever is set up on the same file, or on the same emitter, takes over from what the earlier
 * evaluation left behind. Two applications of one evaluation share a file undisturbed.
 */
function replaceForerunners(successor: Successor): void {
  const { dbPath, emitter } = successor;
  for (const forerunner of forerunnersOf<Running>(KIND)) {
    const isOnSameFile = dbPath !== undefined && forerunner.dbPath === dbPath;
    if (isOnSameFile || forerunner.isOn(emitter)) forerunner.yieldTo(successor);
  }
  // Another application of this evaluation may have taken over what listened to our emitter before.
  for (const { intake } of siblingsOf<Running>(KIND)) intake.leave(emitter);
}
