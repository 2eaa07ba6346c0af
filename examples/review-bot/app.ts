import { type App, createApp, type TelemetryPluginOptions, telemetryPlugin } from "runledger";
import { budgetPlugin, type Spender } from "runledger/budget";
import { createStandInExecutor, type Executor } from "./executor";
import { createReceiver, type Receive } from "./webhook";

export interface ReviewBotOptions {
  /** Default: the stand-in. */
  readonly executor?: Executor;
  readonly telemetry?: TelemetryPluginOptions;
  /** What the bot may spend a day, in US dollars. Default: any amount. */
  readonly dailyLimitUsd?: number | undefined;
  /** Hears of each run for which nothing is left. */
  readonly onRefused?: (spender: Spender) => void;
}

export interface ReviewBot {
  readonly app: App;
  readonly receive: Receive;
}

/** A bot that reviews pull requests and answers when it is mentioned. */
export function createReviewBot({
  executor = createStandInExecutor(1),
  telemetry,
  dailyLimitUsd,
  onRefused = () => {},
}: ReviewBotOptions = {}): ReviewBot {
  const app = createApp();
  app.use(telemetryPlugin, telemetry); // All that the bot knows of telemetry.
  let mayRun = (_: Spender) => true;
  if (dailyLimitUsd !== undefined) {
    app.use(budgetPlugin, {
      dbPath: telemetry?.dbPath,
      budgets: [{ name: "the bot", limitUsd: dailyLimitUsd, per: "day" }],
    });
    const budget = app.get(budgetPlugin);
    mayRun = (spender) => {
      const { allowed } = budget.check(spender);
      if (!allowed) onRefused(spender);
      return allowed;
    };
  }
  return { app, receive: createReceiver({ emitter: app.emitter, executor, mayRun }) };
}
