import type { PluginEmitter } from "./app/plugin";
import type { ForwardingStats } from "./forward/types";
import type { TelemetryStats } from "./recorder/types";

// What plugins that run tell about themselves to others, through `announce` and `siblingsOf` of reload.ts: no plugin
// imports another.

export const TELEMETRY = "telemetry";
export const FORWARD = "forward";
export const BUDGET = "budget";

export interface RunningTelemetry {
  isOn(emitter: PluginEmitter): boolean;
  stats(): TelemetryStats;
}

/** What is held by `reserve` of a budget or, with `each`, of one value of it. */
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

/** What the plugins of the application that has the dashboard say of themselves, as their `stats()` have it. */
export interface ApplicationState {
  readonly telemetry: readonly TelemetryStats[];
  readonly forwarding: readonly ({ readonly target: string } & ForwardingStats)[];
  readonly reserved: readonly ReservedBudget[];
}
