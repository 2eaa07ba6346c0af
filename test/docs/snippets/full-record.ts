import { createApp, telemetryPlugin } from "runledger";

const app = createApp().use(telemetryPlugin);
app.emitter.emit("execution:completed", {
  repo: "octo-org/octo-repo",
  eventType: "pull_request.opened",
  model: "claude-sonnet-4-5",
  conclusion: "success",
  executionId: "run-7f3a",
  completedAt: new Date(),
  deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  prNumber: 42,
  provider: "anthropic",
  inputTokens: 1_200,
  outputTokens: 340,
  cacheReadTokens: 18_000,
  cacheCreationTokens: 2_500,
  durationMs: 8_450,
  costUsd: 0.0412,
  costSource: "reported",
  sessionId: "session-19",
  numTurns: 4,
  stopReason: "end_turn",
  labels: { team: "core", prompt_version: "review-v3" },
});
await app.close();
