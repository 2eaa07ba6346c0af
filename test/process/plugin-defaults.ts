import { createApp, telemetryPlugin } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: plugin-defaults.ts FOLDER. Runs an app with the plugin as it is, in that folder.
process.chdir(process.argv[2] ?? ".");
await using app = createApp().use(telemetryPlugin);
app.emitter.emit("execution:completed", executionCompleted());
