import type { ErrorCode } from "../errors";
import type { Synchronous } from "../ledger/open";
import type { Logger } from "../logger";
import type { EstimateOptions } from "../prices/price-list";
import type { Incident } from "../record/types";
import type { SentBatch } from "./batch";

/** The options of a ledger, as they cross the boundary between threads. */
export interface LedgerOptions {
  readonly dbPath: string;
  readonly synchronous: Synchronous;
  /** `false`: never purge. */
  readonly retentionDays: number | false;
  /** How to estimate costs that nobody reported. Default: not at all. */
  readonly estimateCost?: EstimateOptions | undefined;
}

/** What a writer needs to know: the ledger, and the limits on the thread where it runs. */
export interface WriterOptions extends LedgerOptions {
  /** How long one attempt to write may wait for another process's lock, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** The most records in one transaction when several batches wait. */
  readonly maxTransactionSize: number;
}

/** A request that the recorder waits for. Requests are answered in order. */
export type WriterRequest =
  | { readonly kind: "flush" }
  | { readonly kind: "checkpoint" }
  | { readonly kind: "purge"; readonly days: number }
  | { readonly kind: "incident"; readonly incident: Incident }
  /** `timeoutMs`: how long the recorder waits for the answer. */
  | { readonly kind: "close"; readonly timeoutMs: number };

export type ToWriter =
  | ({ readonly type: "batch" } & SentBatch)
  | { readonly type: "request"; readonly id: number; readonly request: WriterRequest }
  /** From now on, store the sequence of each batch in the ledger under this name: somebody follows the recorder. */
  | { readonly type: "noteProgress"; readonly as: string }
  /** There are records in the spill file. */
  | { readonly type: "spilled" }
  /** The recorder is closing: what can't be written soon need not be retried. */
  | { readonly type: "closing" };

export type FromWriter =
  | { readonly type: "state"; readonly state: "open" | "degraded"; readonly error?: PlainError }
  | {
      readonly type: "log";
      readonly level: keyof Logger;
      readonly bindings: object;
      readonly message: string;
    }
  /** Sent while the recorder is closing: the ledger can't be opened, and waiting would not help. */
  | { readonly type: "gaveUp" }
  | { readonly type: "reply"; readonly id: number; readonly value?: number; readonly error?: PlainError };

/** An error, reduced to what can cross the boundary between threads. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
}
