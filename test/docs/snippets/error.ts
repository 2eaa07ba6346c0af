import { createTelemetryStore, RunledgerError } from "runledger";

try {
  createTelemetryStore({ dbPath: "/dev/null/telemetry.db" });
} catch (error) {
  if (!(error instanceof RunledgerError)) throw error;
  console.log(error.code); // OPEN_FAILED
}
