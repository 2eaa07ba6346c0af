import { createApp, telemetryPlugin } from "runledger";

export const app = createApp().use(telemetryPlugin, { estimateCost: true });
