import { writeSync } from "node:fs";
import { createApp, telemetryPlugin } from "runledger";
import { forwardPlugin } from "runledger/forward";
import { executionCompleted } from "runledger/testing";

// Usage: await-ready.ts DB_PATH telemetry.ready|forwarding.ready|forwarding.flush, for the latter two with the target
// in RUNLEDGER_FORWARD_URL. Awaits that where nothing else keeps the process alive, and prints it.

const [dbPath = "", awaited = ""] = process.argv.slice(2);

async function main(): Promise<void> {
  const to = process.env["RUNLEDGER_FORWARD_URL"];
  const app = createApp();
  if (to !== undefined) app.use(forwardPlugin, { from: dbPath, to, intervalMs: 10 });
  app.use(telemetryPlugin, { dbPath });
  if (awaited === "telemetry.ready") await app.get(telemetryPlugin).ready;
  if (awaited === "forwarding.ready") await app.get(forwardPlugin).ready;
  if (awaited === "forwarding.flush") {
    app.emitter.emit("execution:completed", executionCompleted());
    await app.get(telemetryPlugin).flush();
    await app.get(forwardPlugin).flush();
  }
  writeSync(1, `${awaited}\n`);
}

void main();
