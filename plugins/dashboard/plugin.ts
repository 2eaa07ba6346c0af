import { definePlugin, type PluginHost } from "../../src/app/plugin";
import { applicationState } from "../../src/dashboard/application";
import { DashboardSupervisor } from "../../src/dashboard/dashboard-supervisor";
import { type DashboardPluginOptions, parseDashboardOptions } from "../../src/dashboard/options";
import type { Dashboard } from "../../src/dashboard/types";
import { defaultLogger, harmless } from "../../src/logger";
import { announce, forerunnersOf } from "../../src/reload";

/**
 * Serves a web page on the ledger, from a thread of its own: the host's thread only reports the state of its plugins when
 * somebody looks. It only reads. If the port is taken, the log gets one line, and the host keeps running.
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

/** After a reload (`bun --hot`), closes the previous dashboards: the new ones may need their ports. */
function endForerunners(): Promise<unknown> | undefined {
  const forerunners = forerunnersOf<Running>(KIND);
  return forerunners.length === 0 ? undefined : Promise.all(forerunners.map((running) => running.close()));
}
