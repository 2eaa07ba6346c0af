// The public names of `runledger`. This file alone, in `src`, knows the telemetry plugin: it is the main job.

export { type TelemetryPluginOptions, telemetryPlugin } from "../plugins/telemetry";
export { type App, type AppOptions, createApp } from "./app/create-app";
export type { AppEvents, ExecutionCompleted } from "./app/events";
export {
  type CloseContext,
  type CloseHook,
  definePlugin,
  type Plugin,
  type PluginArguments,
  type PluginEmitter,
  type PluginHost,
} from "./app/plugin";
export { ERROR_CODES, type ErrorCode, RunledgerError, type RunledgerErrorOptions } from "./errors";
export type { Logger } from "./logger";
export {
  createTelemetryStore,
  type SqliteTelemetryStore,
  type TelemetryStoreOptions,
} from "./telemetry/store";
export type {
  Incident,
  IncidentKind,
  RecordingStore,
  Telemetry,
  TelemetryCloseReport,
  TelemetryRecord,
  TelemetryStats,
  TelemetryStore,
  WriteResult,
} from "./telemetry/types";
