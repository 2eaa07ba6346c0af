import { definePlugin, type PluginHost } from "../../src/app/plugin";
import type { TypedAlert } from "../../src/budget/alerts";
import { BudgetKeeper } from "../../src/budget/budget-keeper";
import { type BudgetPluginOptions, parseBudgetPluginOptions } from "../../src/budget/options";
import type { Budgets } from "../../src/budget/types";
import { defaultLogger, harmless } from "../../src/logger";
import { announce, forerunnersOf } from "../../src/reload";
import { BUDGET, type RunningBudgets } from "../../src/running-plugins";

/**
 * Answers whether there is room in a budget, and emits `"budget:threshold"` and `"budget:exceeded"`. It stops nothing:
 * the application's own `if` does.
 *
 * @throws {RunledgerError} `INVALID_OPTION` at `app.use`. A ledger that can't be read does not stop the host: `check`
 *   then returns `stale`.
 * @example
 * ```ts
 * const app = createApp()
 *   .use(telemetryPlugin)
 *   .use(budgetPlugin, { budgets: [{ name: "all", limitUsd: 500, per: "month" }] });
 * if (!app.get(budgetPlugin).check({ repo, eventType }).allowed) return;
 * ```
 */
export const budgetPlugin = definePlugin({
  name: "budget",
  setup(host: PluginHost, givenOptions: BudgetPluginOptions): Budgets {
    const options = parseBudgetPluginOptions(givenOptions);
    const logger = harmless(options.logger ?? host.logger ?? defaultLogger());
    for (const forerunner of forerunnersOf<Running>(BUDGET)) {
      if (forerunner.dbPath === options.dbPath) forerunner.yield();
    }
    const budgets = new BudgetKeeper(options, emitterOf(host), logger);
    const close = (timeoutMs: number): Promise<void> => {
      forget();
      return budgets.close(timeoutMs);
    };
    const forget = announce<Running>(BUDGET, {
      dbPath: options.dbPath,
      reserved: () => budgets.reserved(),
      yield: () => void close(options.closeTimeoutMs).catch(() => {}),
    });
    try {
      // Finish before the host gives up, so that what is left can be logged.
      host.onClose((context) =>
        close(Math.min(options.closeTimeoutMs, 0.9 * (context?.timeoutMs ?? Infinity))),
      );
    } catch (error) {
      close(0);
      throw error;
    }
    return budgets;
  },
});

/** A bus that gives the plugin only `on` and `off` gets no events; the webhook still posts them. */
function emitterOf({ emitter }: PluginHost): (alert: TypedAlert) => void {
  return ({ type, alert }) => {
    if ("emit" in emitter && typeof emitter.emit === "function") emitter.emit(type, alert);
  };
}

/** A plugin that is set up and not yet closed; after a reload (`bun --hot`) its successor ends it. */
interface Running extends RunningBudgets {
  readonly dbPath: string;
  yield(): void;
}
