import { createApp, telemetryPlugin } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: plugin-left-open.ts DB_PATH. Emits, and returns without closing anything.
const app = createApp().use(telemetryPlugin, { dbPath: process.argv[2] });
app.emitter.emit("execution:completed", executionCompleted());
