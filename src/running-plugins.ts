import type { PluginEmitter } from "./app/plugin";
import type { ForwardingStats } from "./forward/types";
import type { TelemetryStats } from "./recorder/types";

// What plugins that run tell about themselves to others, through `announce` and `siblingsOf` of reload.ts: no plugin
// imports another.

export const TELEMETRY = "telemetry";
export const FORWARD = "forward";

export interface RunningTelemetry {
  isOn(emitter: PluginEmitter): boolean;
  stats(): TelemetryStats;
}

export interface RunningForwarder {
  /** Host, database and schema, without credentials. */
  readonly target: string;
  stats(): ForwardingStats;
}
