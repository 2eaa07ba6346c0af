import { createApp, telemetryPlugin } from "runledger";

const app = createApp().use(telemetryPlugin, { dbPath: "./data/bot.db", retentionDays: 365 });
app.closeOnSignals(); // SIGTERM and SIGINT close the app, then end the process

app.emitter.emit("execution:completed", {
  repo: "octo-org/octo-repo",
  eventType: "push",
  model: "claude-haiku-4-5",
  conclusion: "success",
});

const telemetry = app.get(telemetryPlugin);
await telemetry.flush();
console.log(`${telemetry.stats().written} of ${telemetry.stats().received} written`);
await app.close();
