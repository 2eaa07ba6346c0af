import { createApp, telemetryPlugin } from "runledger";
import { dashboardPlugin } from "runledger/dashboard";

const dbPath = "./data/telemetry.db";
const app = createApp().use(telemetryPlugin, { dbPath }).use(dashboardPlugin, { db: dbPath, port: 4680 });
console.log("open", await app.get(dashboardPlugin).ready);
await app.close();
