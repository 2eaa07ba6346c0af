import { registerTelemetry } from "ai";
import { createApp, telemetryPlugin } from "runledger";
import { aiSdkTelemetry } from "runledger/adapters";

const app = createApp().use(telemetryPlugin);
registerTelemetry(aiSdkTelemetry(app, { repo: "octo-org/octo-repo", eventType: "chat" }));
