import { createApp, telemetryPlugin } from "runledger";

const app = createApp().use(telemetryPlugin); // the one line

app.emitter.emit("execution:completed", {
  repo: "octo-org/octo-repo",
  eventType: "pull_request.opened",
  model: "claude-sonnet-4-5",
  conclusion: "success",
  inputTokens: 1_200,
  outputTokens: 340,
  durationMs: 8_450,
  costUsd: 0.0412,
});
await app.close();
