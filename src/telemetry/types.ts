/**
 * One finished LLM or agent execution: the payload of `"execution:completed"`.
 *
 * Token counts are disjoint: `inputTokens` excludes cached input, which `cacheReadTokens` and
 * `cacheCreationTokens` count. Leave out what you don't know: unknown is not zero, and `null` means unknown too.
 * Unknown keys are ignored.
 */
export interface TelemetryRecord {
  /** Repository the run worked on, such as `octo-org/octo-repo`. Not empty. */
  repo: string;
  /** What started the run, such as `pull_request.opened`. Not empty. */
  eventType: string;
  /** Model name as the provider reports it. Not empty. */
  model: string;
  /** How the run ended, such as `success`, `failure` or `error`. Not empty. */
  conclusion: string;

  /** Identity of this execution: recording it twice stores it once. Default: a UUIDv7, assigned at `emit`. */
  executionId?: string | null | undefined;
  /**
   * When the run ended: a `Date`, epoch milliseconds, or ISO 8601 text with an offset (`Z`, `+02:00`).
   * Kept to the millisecond, in UTC. Default: the time of `emit`.
   */
  completedAt?: Date | number | string | null | undefined;

  /** Identity of the webhook delivery; a redelivery that runs again is another execution. */
  deliveryId?: string | null | undefined;
  /** Pull request or issue number, an integer. */
  prNumber?: number | null | undefined;
  /** Who served the model. Default `anthropic`. */
  provider?: string | null | undefined;
  /** Tokens of uncached input, an integer. Default 0 in the row. */
  inputTokens?: number | null | undefined;
  /** Tokens of output, an integer. Default 0 in the row. */
  outputTokens?: number | null | undefined;
  /** Input tokens read from the prompt cache, an integer. Default 0 in the row. */
  cacheReadTokens?: number | null | undefined;
  /** Input tokens written to the prompt cache, an integer. Default 0 in the row. */
  cacheCreationTokens?: number | null | undefined;
  /** Wall time in milliseconds, rounded to the nearest one. Default 0 in the row. */
  durationMs?: number | null | undefined;
  /** Cost in US dollars. Default 0 in the row. */
  costUsd?: number | null | undefined;
  /** Whether `costUsd` was reported by the provider or computed from a price list. Default `reported`. */
  costSource?: "reported" | "estimated" | null | undefined;
  /** Identity of the agent session. */
  sessionId?: string | null | undefined;
  /** Agent turns, an integer. Default 0 in the row. */
  numTurns?: number | null | undefined;
  /** Why generation stopped, such as `end_turn` or `max_tokens`. */
  stopReason?: string | null | undefined;
}

/** Why something is in the `incidents` table instead of, or besides, `executions`. */
export type IncidentKind = "rejected" | "dropped" | "spilled" | "degraded";

/** Something that a person should look at: above all an event that could not be stored as it came. */
export interface Incident {
  readonly kind: IncidentKind;
  readonly reason: string;
  /** How many events it concerns. Default 1. */
  readonly count?: number;
  /** The event as it came, as JSON where it can be, else as text. */
  readonly payload?: string | undefined;
}

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

/** What happened to every event received so far: `received` is the sum of the seven counts that follow it. */
export interface TelemetryStats {
  readonly received: number;
  /** Stored as new rows. */
  readonly written: number;
  /** Stored before, by their `executionId`. */
  readonly duplicates: number;
  /** Refused as invalid or as older than the retention; each is in `incidents`. */
  readonly rejected: number;
  /** Not taken by an injected store; each is in the log. Always 0 for a ledger file. */
  readonly failed: number;
  /** Written to the spill file, which this process or the next that opens the ledger takes in. */
  readonly spilled: number;
  /** Lost: neither the ledger nor the spill file could be written. Each loss is in the log. */
  readonly dropped: number;
  /** Received and not stored yet. */
  readonly queued: number;
  /** Those of `queued` that are with the writer. */
  readonly inFlight: number;
  /** Records taken in from spill files, of this process or of earlier ones; not part of `received`. */
  readonly takenIn: number;
  /** `degraded`: the ledger can't be written at the moment; events are kept and it is tried again. */
  readonly state: "opening" | "open" | "degraded" | "closing" | "closed";
  /** Why the ledger could not be written, the last time that it could not. */
  readonly lastError: string | undefined;
  /** How often the writer died and was started again. */
  readonly restarts: number;
}

/** What `close` says: the final counts, and whether the deadline cut it short. */
export interface TelemetryCloseReport
  extends Pick<
    TelemetryStats,
    "written" | "duplicates" | "rejected" | "failed" | "spilled" | "dropped" | "queued"
  > {
  /** True when the deadline came before everything was stored; the rest is in `spilled`, `dropped` or `queued`. */
  readonly timedOut: boolean;
}

/** The way from an event to the ledger, as the plugin uses it: through a writer's thread, or straight to a store. */
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
  /** Resolves when the ledger is open. */
  readonly ready: Promise<void>;
  /** Records one execution, as an emitted event would be. Never throws. */
  record(record: TelemetryRecord): void;
  /**
   * Resolves when everything received before the call is committed, or refused; with a ledger that can't be
   * written, that is when it can, or at `close`. The process stays alive until then, as it does for `purgeOlderThan`
   * and `checkpoint`, unless the ledger can't be written.
   */
  flush(): Promise<void>;
  stats(): TelemetryStats;
  /**
   * Deletes executions and incidents that are older than so many days; `usage_daily` keeps their sums.
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
   * Unsubscribes, flushes, checkpoints, and closes what the plugin opened; an injected store stays open. Bounded
   * by `closeTimeoutMs`: what is not stored by then goes to the spill file. Every call returns the same promise.
   */
  close(): Promise<TelemetryCloseReport>;
}
