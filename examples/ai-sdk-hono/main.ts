// A Hono server that streams answers by the AI SDK 7, and records what each of them used, for which repository and user.
//
//   bun add runledger ai hono
//   AI_GATEWAY_API_KEY=… bun examples/ai-sdk-hono/main.ts     asks a model; without the key a stand-in answers
//   curl localhost:3000/repos/octo-org/octo-repo/questions -H 'X-User: ada' --json '{"question":"What is this?"}'
//   bunx runledger report --by label:user                     what each user's answers used

import { registerTelemetry } from "ai";
import { createApp, telemetryPlugin } from "runledger";
import { aiSdkTelemetry } from "runledger/adapters";
import { createRoutes } from "./routes";
import { standInModel } from "./stand-in-model";

const isOffline = !process.env["AI_GATEWAY_API_KEY"];
if (isOffline) console.log("Offline: a stand-in answers, no model is asked. Its numbers are made up.");
const routes = createRoutes(isOffline ? standInModel : "anthropic/claude-haiku-4.5");

export const app = createApp().use(telemetryPlugin);
registerTelemetry(aiSdkTelemetry(app, { repo: "octo-org/octo-repo", eventType: "chat" }));

export const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env["PORT"] ?? 3000),
  fetch: routes.fetch,
});
// The server stops ahead of the ledger, and answers that are being streamed end: all of them are recorded.
app.onClose(() => server.stop());
app.closeOnSignals();
console.log(`Listening on ${server.url}`);
