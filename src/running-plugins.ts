import type { PluginEmitter } from "./app/plugin";
import type { ForwardingStats } from "./forward/types";
import type { TelemetryStats } from "./recorder/types";

// What running plugins tell each other about themselves, through `announce` and `siblingsOf` in reload.ts: no plugin
// imports another.

export const TELEMETRY = "telemetry";
export const FORWARD = "forward";
export const BUDGET = "budget";

export interface RunningTelemetry {
  isOn(emitter: PluginEmitter): boolean;
  stats(): TelemetryStats;
}

/** What `reserve` holds of a budget or, with `each`, of one of its values. */
export interface ReservedBudget {
  readonly budget: string;
  readonly value: string | null;
  readonly reservedUsd: number;
}

export interface RunningBudgets {
  reserved(): readonly ReservedBudget[];
}

export interface RunningForwarder {
  /** Host, database and schema, without credentials. */
  readonly target: string;
  stats(): ForwardingStats;
}

/** The state of the plugins of the application that runs the dashboard, as their `stats()` return it. */
export interface ApplicationState {
  readonly telemetry: readonly TelemetryStats[];
  readonly forwarding: readonly ({ readonly target: string } & ForwardingStats)[];
  readonly reserved: readonly ReservedBudget[];
}
