import { writeSync } from "node:fs";
import { createApp, type TelemetryPluginOptions, telemetryPlugin } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: emit-and-end.ts OPTIONS_JSON WAY COUNT. Emits so many events, ends in that way, and prints the stats last
// of all. With "none" for the options, the same application without the plugin.

const [options = "none", way = "return", count = "10000"] = process.argv.slice(2);
const app = createApp();
if (options !== "none") {
  app.use(telemetryPlugin, JSON.parse(options) as TelemetryPluginOptions);
  // After the plugin's own handler, and by a write that is done when it returns.
  process.on("exit", () => writeSync(1, `${JSON.stringify(app.get(telemetryPlugin).stats())}\n`));
}
app.closeOnSignals();

for (let number = 0; number < Number(count); number += 1) {
  app.emitter.emit("execution:completed", executionCompleted({ executionId: `${process.pid}-${number}` }));
}

switch (way) {
  case "return":
    break;
  case "process.exit(0)":
    process.exit(0);
    break;
  case "process.exit(3)":
    process.exit(3);
    break;
  case "an uncaught throw":
    throw new Error("thrown on purpose");
  case "an uncaught throw in a callback":
    setImmediate(() => {
      throw new Error("thrown on purpose");
    });
    break;
  case "an unhandled rejection":
    void Promise.reject(new Error("rejected on purpose"));
    break;
  case "SIGTERM":
  case "SIGINT":
    // A server would be waiting for requests.
    setInterval(() => {}, 60_000);
    process.kill(process.pid, way);
    break;
  case "close":
    await app.close();
    break;
}
