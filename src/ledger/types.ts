import type { Incident, TelemetryRecord } from "../record/types";

/** The outcome of one call: the two counts add up to the number of records. */
export interface WriteResult {
  /** New rows. */
  readonly written: number;
  /** Records whose `executionId` was already stored. */
  readonly duplicates: number;
}

/**
 * A destination for records. Methods may be synchronous or asynchronous; the plugin copes with both, and with stores
 * that throw, reject, or never answer.
 */
export interface TelemetryStore {
  record(entry: TelemetryRecord): void | Promise<void>;
  recordMany(entries: readonly TelemetryRecord[]): WriteResult | Promise<WriteResult>;
  /** Keeps what could not be stored as it came. Without this method such payloads go only to the log. */
  recordIncident?(incident: Incident): void | Promise<void>;
  purgeOlderThan(days: number): number | Promise<number>;
  checkpoint(): void | Promise<void>;
  close(): void | Promise<void>;
}

/** All that the plugin needs of a store. */
export type RecordingStore = Pick<
  TelemetryStore,
  "record" | "recordIncident" | "purgeOlderThan" | "checkpoint"
>;
