// Runs under `bun --watch`: emits, saves a file (the second argument), and goes on emitting until it is restarted.
// Each event is noted in a file (the third) in the moment after it was emitted.
import { appendFileSync } from "node:fs";
import { createApp, telemetryPlugin } from "runledger";

const [dbPath, script = "", emitted = ""] = process.argv.slice(2);
const app = createApp().use(telemetryPlugin, { dbPath });
app.closeOnSignals();
await app.get(telemetryPlugin).ready;
process.stdout.write("ready\n");

const emit = (): void => {
  app.emitter.emit("execution:completed", {
    repo: "o/r",
    eventType: "push",
    model: "m",
    conclusion: "success",
  });
  appendFileSync(emitted, "e");
};
for (let count = 0; count < 5; count += 1) emit();
appendFileSync(script, "// saved\n");
setInterval(emit, 1);
