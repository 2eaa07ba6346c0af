import type { ForwardReport } from "./forward-tally";

/** How forwarding goes. Counts are of this process. */
export interface ForwardingStats extends ForwardReport {
  /** `opening`: it has not worked yet; `degraded`: it doesn't work at the moment, and is tried again. */
  readonly state: "opening" | "open" | "degraded" | "closing" | "closed";
  /** Why it didn't work, the last time that it didn't. */
  readonly lastError: string | undefined;
  /** How often the forwarder's thread ended and was started again. */
  readonly restarts: number;
}

/** What `close` says: the final counts, and whether the deadline cut it short. */
export interface ForwardingCloseReport extends ForwardReport {
  /** True when there was no time to finish; the executions that are left (`behind`) go at the next start. */
  readonly timedOut: boolean;
}

/** The handle of the forward plugin. */
export interface Forwarding extends AsyncDisposable {
  /**
   * Resolves when the ledger and the target are open; rejects with `CLOSED` when it is closed before. The process stays
   * alive until then, as it does for `flush`, unless the target can't be reached.
   */
  readonly ready: Promise<void>;
  stats(): ForwardingStats;
  /**
   * Resolves when everything that is in the ledger now is on the target, or refused there; while the target is down,
   * that is when it is back.
   *
   * @throws {RunledgerError} `CLOSED`
   */
  flush(): Promise<void>;
  /**
   * Forwards what is in the ledger, if the target takes it, and ends. Bounded by `closeTimeoutMs`. Every call returns
   * the same promise.
   */
  close(): Promise<ForwardingCloseReport>;
}
