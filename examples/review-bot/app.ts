import { type App, createApp, type TelemetryPluginOptions, telemetryPlugin } from "runledger";
import { createStandInExecutor, type Executor } from "./executor";
import { createReceiver, type Receive } from "./webhook";

export interface ReviewBotOptions {
  /** Default: the stand-in. */
  readonly executor?: Executor;
  readonly telemetry?: TelemetryPluginOptions;
}

export interface ReviewBot {
  readonly app: App;
  readonly receive: Receive;
}

/** A bot that reviews pull requests and answers when it is mentioned. */
export function createReviewBot({
  executor = createStandInExecutor(1),
  telemetry,
}: ReviewBotOptions = {}): ReviewBot {
  const app = createApp();
  app.use(telemetryPlugin, telemetry); // All that the bot knows of telemetry.
  return { app, receive: createReceiver({ emitter: app.emitter, executor }) };
}
