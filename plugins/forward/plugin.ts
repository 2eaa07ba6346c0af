import { definePlugin, type PluginHost } from "../../src/app/plugin";
import { ForwardSupervisor } from "../../src/forward/forward-supervisor";
import {
  type ForwardPluginOptions,
  type ParsedForwardOptions,
  parseForwardOptions,
} from "../../src/forward/options";
import type { Forwarding, ForwardingCloseReport } from "../../src/forward/types";
import { defaultLogger, harmless } from "../../src/logger";
import { announce, forerunnersOf } from "../../src/reload";
import { FORWARD, type RunningForwarder } from "../../src/running-plugins";

/**
 * Forwards a SQLite ledger to PostgreSQL in a thread of its own: the host's thread does nothing. Register it before
 * the telemetry plugin: it is then closed after that one, and forwards the last executions too.
 *
 * @throws {RunledgerError} `INVALID_OPTION` at `app.use`. A target that can't be reached does not stop the host:
 *   `stats().state` is `degraded`, and connecting is retried.
 * @example
 * ```ts
 * const app = createApp()
 *   .use(forwardPlugin, { from: "./data/telemetry.db", to: "postgres://bot@db.internal/runledger" })
 *   .use(telemetryPlugin);
 * app.get(forwardPlugin).stats();
 * ```
 */
export const forwardPlugin = definePlugin({
  name: "forward",
  setup(host: PluginHost, givenOptions: ForwardPluginOptions): Forwarding {
    const options = parseForwardOptions(givenOptions);
    endForerunners(options);
    const forwarding = new ForwardSupervisor(
      options,
      harmless(options.logger ?? host.logger ?? defaultLogger()),
    );
    const close = (timeoutMs: number): Promise<ForwardingCloseReport> => {
      forget();
      return forwarding.close(timeoutMs);
    };
    const running: Running = {
      options,
      target: options.to.name,
      stats: forwarding.stats.bind(forwarding),
      yield: () => void close(options.closeTimeoutMs).catch(() => {}),
    };
    const forget = announce(FORWARD, running);
    try {
      // Finish before the host gives up, so that what is left can be logged.
      host.onClose((context) =>
        close(Math.min(options.closeTimeoutMs, 0.9 * (context?.timeoutMs ?? Infinity))),
      );
    } catch (error) {
      close(0);
      throw error;
    }
    return forwarding;
  },
});

/** A plugin that is set up and not yet closed. */
interface Running extends RunningForwarder {
  readonly options: ParsedForwardOptions;
  /** Stops it. */
  yield(): void;
}

/** After a reload (`bun --hot`), stops the predecessor that forwards the same ledger to the same target. */
function endForerunners({ from, to }: ParsedForwardOptions): void {
  for (const forerunner of forerunnersOf<Running>(FORWARD)) {
    const { options } = forerunner;
    if (options.from === from && options.to.name === to.name) forerunner.yield();
  }
}
