import { createApp, telemetryPlugin } from "runledger";
import { forwardPlugin } from "runledger/forward";

const dbPath = "./data/telemetry.db";
const app = createApp()
  .use(forwardPlugin, { from: dbPath, to: "postgres://bot@db.internal/runledger" })
  .use(telemetryPlugin, { dbPath });
app.closeOnSignals();
