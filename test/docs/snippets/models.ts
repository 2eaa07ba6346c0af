import { createApp, telemetryPlugin } from "runledger";

const app = createApp().use(telemetryPlugin);
app.emitter.emit("execution:completed", {
  repo: "octo-org/octo-repo",
  eventType: "pull_request.opened",
  conclusion: "success",
  models: [
    { model: "claude-opus-4-1", inputTokens: 9_000, outputTokens: 2_100, costUsd: 0.2925 },
    { model: "claude-haiku-4-5", inputTokens: 31_000, outputTokens: 800, costUsd: 0.035 },
  ],
});
await app.close();
