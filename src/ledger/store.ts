import type { Logger } from "../logger";
import type { Incident, TelemetryRecord } from "../record/types";
import type { Synchronous } from "./open";
import type { TelemetryStore, WriteResult } from "./types";

/** Options of {@link createTelemetryStore}. */
export interface TelemetryStoreOptions {
  /** Path of the SQLite file; it and its folder are created if missing. `:memory:` keeps everything in memory. */
  readonly dbPath: string;
  /** Default: pino, warnings and errors only, on stderr. */
  readonly logger?: Logger | undefined;
  /** `FULL` syncs every commit to the disk; `NORMAL`, the default, every checkpoint. */
  readonly synchronous?: Synchronous | undefined;
}

/**
 * The ledger: a synchronous store on one SQLite connection. When a method returns, its work is committed and visible
 * to every other connection. After `close`, every method throws `CLOSED`.
 */
export interface SqliteTelemetryStore extends TelemetryStore, Disposable {
  /**
   * Stores one execution; recording the same `executionId` again changes nothing.
   *
   * @throws {RunledgerError} `INVALID_RECORD`, `BEYOND_RETENTION`, `STORE_FAILED`, `CLOSED`; nothing is written.
   */
  record(entry: TelemetryRecord): void;
  /**
   * Stores many executions in one transaction: all of them or, when it throws, none.
   *
   * @throws {RunledgerError} `INVALID_ARGUMENT`, `INVALID_RECORD`, `BEYOND_RETENTION`, `STORE_FAILED`, `CLOSED`
   */
  recordMany(entries: readonly TelemetryRecord[]): WriteResult;
  /** @throws {RunledgerError} `STORE_FAILED`, `CLOSED` */
  recordIncident(incident: Incident): void;
  /**
   * Deletes executions and incidents older than a number of days (24 h each, fractions allowed), in transactions of
   * at most 5,000 rows, and returns the freed pages to the file system. `usage_daily` keeps the sums.
   *
   * @returns how many executions were deleted.
   * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`, `CLOSED`
   */
  purgeOlderThan(days: number): number;
  /**
   * Copies the write-ahead log into the database file as far as readers allow, without waiting for them.
   * Runs automatically after every 1000 rows written.
   *
   * @throws {RunledgerError} `STORE_FAILED`, `CLOSED`
   */
  checkpoint(): void;
  /** Checkpoints and closes the file. No `-wal` and no `-shm` is left unless somebody else has it open. */
  close(): void;
}

/**
 * Opens a ledger for writing.
 *
 * @throws {RunledgerError} `INVALID_OPTION`, `OPEN_FAILED`, `SCHEMA_TOO_NEW`
 * @example
 * ```ts
 * using store = createTelemetryStore({ dbPath: "./data/telemetry.db" });
 * store.record({ repo: "octo-org/octo-repo", eventType: "push", model: "claude-sonnet-4-5", conclusion: "success" });
 * ```
 */
export function createTelemetryStore(options: TelemetryStoreOptions): SqliteTelemetryStore {
  // Loaded on use: a host whose plugin writes in a thread does not need it.
  const { openStore } = require("./sqlite-store") as typeof import("./sqlite-store");
  return openStore(options);
}
