export type { TelemetryPluginOptions } from "./options";
export { telemetryPlugin } from "./plugin";
