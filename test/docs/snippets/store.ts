import { createTelemetryStore } from "runledger";

using store = createTelemetryStore({ dbPath: "./data/telemetry.db" });
const result = store.recordMany([
  { repo: "o/r", eventType: "push", model: "m", conclusion: "success", executionId: "run-1" },
  { repo: "o/r", eventType: "push", model: "m", conclusion: "success", executionId: "run-1" },
]);
console.log(`${result.written} written, ${result.duplicates} duplicates`);
