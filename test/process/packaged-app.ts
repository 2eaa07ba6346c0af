import { createApp, telemetryPlugin } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: packaged-app.ts DB_PATH COUNT, from source, in a project of its own, bundled or compiled. Emits so many
// events, closes, and prints the stats.

const [dbPath = "", count = "1000"] = process.argv.slice(2);
const app = createApp().use(telemetryPlugin, { dbPath });
const telemetry = app.get(telemetryPlugin);
await telemetry.ready;
for (let number = 0; number < Number(count); number += 1)
  app.emitter.emit("execution:completed", executionCompleted());
await app.close();
process.stdout.write(`${JSON.stringify(telemetry.stats())}\n`);
