import { createApp, telemetryPlugin } from "runledger";
import { otelPlugin } from "runledger/otel";

const app = createApp().use(telemetryPlugin).use(otelPlugin, { agentName: "reviewer" });

app.emitter.emit("execution:completed", {
  repo: "octo-org/octo-repo",
  eventType: "push",
  model: "claude-haiku-4-5",
  conclusion: "success",
  durationMs: 8_450,
});
const { received, sent, withoutProvider } = app.get(otelPlugin).stats();
console.log(`${received} received, ${sent} sent, ${withoutProvider} without a provider`);
await app.close();
