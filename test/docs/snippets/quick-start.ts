import { createApp, telemetryPlugin } from "runledger";

const app = createApp().use(telemetryPlugin); // the one line
app.emitter.emit("execution:completed", {
  repo: "octo-org/octo-repo",
  eventType: "pull_request.opened",
  model: "claude-sonnet-4-5",
  conclusion: "success",
  durationMs: 8_450,
  costUsd: 0.0412,
});
await app.close();
