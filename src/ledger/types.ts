import type { Incident, TelemetryRecord } from "../record/types";

/** What became of the records of one call: the two add up to how many there were. */
export interface WriteResult {
  /** Rows that are new in the ledger. */
  readonly written: number;
  /** Records whose `executionId` was there already. */
  readonly duplicates: number;
}

/**
 * Where records go. The methods may be synchronous or not; the plugin copes with both, and with stores that
 * throw, reject, or never answer.
 */
export interface TelemetryStore {
  record(entry: TelemetryRecord): void | Promise<void>;
  recordMany(entries: readonly TelemetryRecord[]): WriteResult | Promise<WriteResult>;
  /** Keeps what could not be stored as it came. A store without it loses such payloads to the log. */
  recordIncident?(incident: Incident): void | Promise<void>;
  purgeOlderThan(days: number): number | Promise<number>;
  checkpoint(): void | Promise<void>;
  close(): void | Promise<void>;
}

/** What the plugin needs of a store; an injected one need not have more. */
export type RecordingStore = Pick<
  TelemetryStore,
  "record" | "recordIncident" | "purgeOlderThan" | "checkpoint"
>;
