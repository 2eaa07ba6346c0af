import { createApp, telemetryPlugin } from "../../src/index";
import { executionCompleted } from "../../src/testing";

// Usage: plugin-defaults.ts FOLDER. Runs an app with the plugin as it is, in that folder.
process.chdir(process.argv[2] ?? ".");
await using app = createApp().use(telemetryPlugin);
app.emitter.emit("execution:completed", executionCompleted());
