import type { TelemetryRecord } from "../record/types";

/** The outcome of every event received so far: `received` is the sum of the seven counts after it. */
export interface TelemetryStats {
  readonly received: number;
  /** Stored as new rows. */
  readonly written: number;
  /** Already stored, recognised by their `executionId`. */
  readonly duplicates: number;
  /** Refused as invalid or as older than the retention; each is in `incidents`. */
  readonly rejected: number;
  /** Not stored because an injected store failed; logged. Always 0 for a ledger file. */
  readonly failed: number;
  /** Written to the spill file, which this process drains, or the next one that opens the ledger. */
  readonly spilled: number;
  /** Lost, because neither the ledger nor the spill file could be written. Losses are logged. */
  readonly dropped: number;
  /** Received and not stored yet. */
  readonly queued: number;
  /** The part of `queued` that is in flight to the writer. */
  readonly inFlight: number;
  /** Records drained from spill files of this process or of earlier ones; not part of `received`. */
  readonly takenIn: number;
  /** `degraded`: the ledger can't be written at the moment; events are kept and writing is retried. */
  readonly state: "opening" | "open" | "degraded" | "closing" | "closed";
  /** The last reason why the ledger could not be written. */
  readonly lastError: string | undefined;
  /** How often the writer died and was restarted. */
  readonly restarts: number;
  /** How long the writer's last transaction took, in milliseconds; `undefined` before the first, and with a store. */
  readonly lastFlushMs: number | undefined;
}

/** The result of `close`: the final counts, and whether the deadline cut it short. */
export interface TelemetryCloseReport
  extends Pick<
    TelemetryStats,
    "written" | "duplicates" | "rejected" | "failed" | "spilled" | "dropped" | "queued"
  > {
  /** True when the deadline passed before everything was stored; the rest is in `spilled`, `dropped` or `queued`. */
  readonly timedOut: boolean;
}

/** How the plugin records events: through a writer thread, or directly into a store. */
export interface TelemetryRecorder {
  /** Resolves when the ledger is open. */
  readonly ready: Promise<void>;
  /** Never throws, never waits. */
  record(event: TelemetryRecord): void;
  flush(): Promise<void>;
  purgeOlderThan(days: number): Promise<number>;
  checkpoint(): Promise<void>;
  stats(): TelemetryStats;
  /** Called once. */
  close(timeoutMs: number): Promise<TelemetryCloseReport>;
}

/** The plugin's handle: `app.get(telemetryPlugin)`. */
export interface Telemetry extends AsyncDisposable {
  /** Resolves when the ledger is open. The process stays alive until then, unless the ledger can't be written. */
  readonly ready: Promise<void>;
  /** Records one execution, as an emitted event would be. Never throws. */
  record(record: TelemetryRecord): void;
  /**
   * Resolves when everything received before the call is committed or refused. If the ledger can't be written, it
   * waits until it can be, or until `close`. The process stays alive until then, as it does for `purgeOlderThan` and
   * `checkpoint`, unless the ledger can't be written.
   */
  flush(): Promise<void>;
  stats(): TelemetryStats;
  /**
   * Deletes executions and incidents older than `days`; `usage_daily` keeps their sums.
   *
   * @returns how many executions were deleted.
   * @throws {RunledgerError} `INVALID_ARGUMENT`, `CLOSED`, `STORE_FAILED`
   */
  purgeOlderThan(days: number): Promise<number>;
  /**
   * Copies the write-ahead log into the database file, as far as readers allow.
   *
   * @throws {RunledgerError} `CLOSED`, `STORE_FAILED`
   */
  checkpoint(): Promise<void>;
  /**
   * Unsubscribes, flushes, checkpoints, and closes what the plugin opened; an injected store stays open. Takes at most
   * `closeTimeoutMs`; whatever is not stored by then is spilled. If the ledger can't be opened and waiting would not
   * help, it is spilled immediately. Every call returns the same promise.
   */
  close(): Promise<TelemetryCloseReport>;
}
