import { type BudgetAlert, type BudgetPluginOptions, type Budgets, budgetPlugin } from "../../plugins/budget";
import { telemetryPlugin } from "../../plugins/telemetry";
import { type App, createApp } from "../../src/app/create-app";
import type { TelemetryRecord } from "../../src/record/types";
import type { Telemetry } from "../../src/recorder/types";
import { executionCompleted } from "../../src/testing";
import { recordingLogger } from "./recording-logger";

/** An application with budgets. */
export interface BudgetApp extends AsyncDisposable {
  readonly app: App;
  readonly telemetry: Telemetry;
  readonly budgets: Budgets;
  readonly logger: ReturnType<typeof recordingLogger>;
  /** Alerts that were emitted, in order: `threshold all 0.5`. */
  readonly alerts: readonly string[];
  readonly payloads: readonly BudgetAlert[];
  /** Emits an execution that completes now. */
  emit(overrides?: Partial<TelemetryRecord>): void;
  /** Waits until everything emitted is written and read. */
  settle(): Promise<void>;
}

/** Starts one. It reads the ledger when asked to, and every hour. */
export async function startBudgetApp(
  dbPath: string,
  options: Omit<BudgetPluginOptions, "dbPath">,
): Promise<BudgetApp> {
  const logger = recordingLogger();
  const app = createApp({ logger })
    .use(telemetryPlugin, { dbPath })
    .use(budgetPlugin, { dbPath, readIntervalMs: 3_600_000, ...options });
  const alerts: string[] = [];
  const payloads: BudgetAlert[] = [];
  for (const name of ["threshold", "exceeded"] as const) {
    app.emitter.on(`budget:${name}`, (alert) => {
      payloads.push(alert);
      alerts.push([name, alert.budget, alert.value, alert.share].filter((part) => part !== null).join(" "));
    });
  }
  const telemetry = app.get(telemetryPlugin);
  const budgets = app.get(budgetPlugin);
  await telemetry.ready;
  await budgets.ready;
  return {
    ...{ app, telemetry, budgets, logger, alerts, payloads },
    emit: (overrides = {}) => app.emitter.emit("execution:completed", executionCompleted(overrides)),
    async settle() {
      await telemetry.flush();
      await budgets.refresh();
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}
