import type { ForwardReport } from "./forward-tally";

/** The state of forwarding. Counts are of this process. */
export interface ForwardingStats extends ForwardReport {
  /** `opening`: it has not worked yet; `degraded`: it doesn't work at the moment and is retried. */
  readonly state: "opening" | "open" | "degraded" | "closing" | "closed";
  /** The last reason why it did not work. */
  readonly lastError: string | undefined;
  /** How often the forwarder's thread died and was restarted. */
  readonly restarts: number;
}

/** The result of `close`: the final counts, and whether the deadline cut it short. */
export interface ForwardingCloseReport extends ForwardReport {
  /** True when there was no time to finish; the rest (`behind`) is forwarded after the next start. */
  readonly timedOut: boolean;
}

/** The handle of the forward plugin. */
export interface Forwarding extends AsyncDisposable {
  /**
   * Resolves when the ledger and the target are open; rejects with `CLOSED` if it is closed first. The process stays
   * alive until then, as it does for `flush`, unless the target can't be reached.
   */
  readonly ready: Promise<void>;
  stats(): ForwardingStats;
  /**
   * Resolves when everything now in the ledger is on the target or was refused there; while the target is down, it
   * waits until it is back.
   *
   * @throws {RunledgerError} `CLOSED`
   */
  flush(): Promise<void>;
  /**
   * Forwards what is in the ledger, if the target accepts it, and stops. Bounded by `closeTimeoutMs`. Every call
   * returns the same promise.
   */
  close(): Promise<ForwardingCloseReport>;
}
