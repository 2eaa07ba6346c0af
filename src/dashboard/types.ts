/** The dashboard's state. */
export interface DashboardStats {
  /**
   * `opening`: its thread is starting; `waiting`: its port is taken, and it tries again every few seconds; `failed`: its
   * thread can't be started here.
   */
  readonly state: "opening" | "open" | "waiting" | "failed" | "closed";
  /** Its URL; `undefined` until it is open for the first time. */
  readonly url: string | undefined;
  /** The last reason why it did not work. */
  readonly lastError: string | undefined;
  /** How often its thread died and was restarted. */
  readonly restarts: number;
}

/** The handle of the dashboard plugin. */
export interface Dashboard extends AsyncDisposable {
  /**
   * Resolves with the URL once the page can be opened; rejects with `CLOSED` if it is closed before. While the port is
   * taken, the promise alone does not keep the process alive.
   */
  readonly ready: Promise<string>;
  stats(): DashboardStats;
  /**
   * A one-time URL that lets one browser in and remembers it for 30 days; without a token, the plain URL.
   *
   * @throws {RunledgerError} `CLOSED` if it is not open.
   */
  link(): string;
  /** Ends its thread within 2 seconds. Every call returns the same promise. */
  close(): Promise<void>;
}
