import { definePlugin, type PluginHost } from "../../src/app/plugin";
import { applicationState } from "../../src/dashboard/application";
import { DashboardSupervisor } from "../../src/dashboard/dashboard-supervisor";
import { type DashboardPluginOptions, parseDashboardOptions } from "../../src/dashboard/options";
import type { Dashboard } from "../../src/dashboard/types";
import { defaultLogger, harmless } from "../../src/logger";
import { announce, forerunnersOf } from "../../src/reload";

/**
 * Serves a page on the ledger, in a thread of its own: the host's thread does nothing, but say how its plugins are when
 * somebody looks. It reads only. A port that is taken is one line in the log, and the host goes on.
 *
 * @throws {RunledgerError} `INVALID_OPTION` at `app.use`.
 * @example
 * ```ts
 * const app = createApp().use(telemetryPlugin).use(dashboardPlugin, { port: 4680 });
 * await app.get(dashboardPlugin).ready; // http://127.0.0.1:4680/
 * ```
 */
export const dashboardPlugin = definePlugin({
  name: "dashboard",
  setup(host: PluginHost, givenOptions?: DashboardPluginOptions): Dashboard {
    const options = parseDashboardOptions(givenOptions);
    const logger = harmless(options.logger ?? host.logger ?? defaultLogger());
    const dashboard = new DashboardSupervisor(options, logger, {
      forerunner: endForerunners(),
      application: () => applicationState(host.emitter),
    });
    const close = () => {
      forget();
      return dashboard.close();
    };
    const forget = announce(KIND, { close } satisfies Running);
    try {
      host.onClose(close);
    } catch (error) {
      void close();
      throw error;
    }
    return dashboard;
  },
});

const KIND = "dashboard";

/** A plugin that is set up and not yet closed. */
interface Running {
  close(): Promise<void>;
}

/** After a reload (`bun --hot`), closes the predecessors, whose ports may be those of their successors. */
function endForerunners(): Promise<unknown> | undefined {
  const forerunners = forerunnersOf<Running>(KIND);
  return forerunners.length === 0 ? undefined : Promise.all(forerunners.map((running) => running.close()));
}
