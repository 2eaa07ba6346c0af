import { createApp, telemetryPlugin } from "../../src/index";
import { executionCompleted } from "../../src/testing";

// Usage: plugin-left-open.ts DB_PATH. Emits, and returns without closing anything.
const app = createApp().use(telemetryPlugin, { dbPath: process.argv[2] });
app.emitter.emit("execution:completed", executionCompleted());
