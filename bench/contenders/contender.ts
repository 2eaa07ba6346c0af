import type { TelemetryRecord } from "../../src/record/types";

/** One way to keep an event, behind the same bus. */
export interface Contender {
  /** Emits the event on the bus, to whose handler the contender has subscribed. */
  readonly emit: (event: TelemetryRecord) => void;
  /** Emitted and not stored yet. */
  queued(): number;
  /** Resolves when everything emitted is stored. */
  flush(): Promise<void>;
  /** Checks its budgets, if it has any. */
  readonly check?: (event: TelemetryRecord) => boolean;
  /** Spends through another writer of the ledger; resolves when its budgets know about it. */
  spendElsewhere?(): Promise<void>;
  /** Ends it; returns how many events were stored. */
  close(): Promise<number>;
}

/** Starts a contender whose files are in `folder`; a ledger may be there already, as {@link LEDGER_FILE}. */
export type StartContender = (folder: string) => Promise<Contender>;

export const LEDGER_FILE = "ledger.db";
