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
export {
  createTelemetryStore,
  type SqliteTelemetryStore,
  type TelemetryStoreOptions,
} from "./ledger/store";
export type { RecordingStore, TelemetryStore, WriteResult } from "./ledger/types";
export type { Logger } from "./logger";
export type { ModelPrice } from "./prices/own-prices";
export type { PriceListOptions } from "./prices/price-list";
export type { Incident, IncidentKind, TelemetryRecord } from "./record/types";
export type { Telemetry, TelemetryCloseReport, TelemetryStats } from "./recorder/types";
