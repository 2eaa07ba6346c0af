import type { ErrorCode } from "../errors";
import type { Synchronous } from "../ledger/open";
import type { Logger } from "../logger";
import type { Incident } from "../record/types";
import type { SentBatch } from "./batch";

/** What a ledger is like; crosses the boundary between threads. */
export interface LedgerOptions {
  readonly dbPath: string;
  readonly synchronous: Synchronous;
  /** `false`: never purge. */
  readonly retentionDays: number | false;
}

/** What a writer needs to know: the ledger, and what it may do where it runs. */
export interface WriterOptions extends LedgerOptions {
  /** How long one attempt to write may wait for another process's lock, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** Records that one transaction may take when more than one batch waits. */
  readonly maxTransactionSize: number;
}

/** Something the recorder asks for and waits for; answered in the order of asking. */
export type WriterRequest =
  | { readonly kind: "flush" }
  | { readonly kind: "checkpoint" }
  | { readonly kind: "purge"; readonly days: number }
  | { readonly kind: "incident"; readonly incident: Incident }
  /** `timeoutMs`: how long the recorder waits for it. */
  | { readonly kind: "close"; readonly timeoutMs: number };

export type ToWriter =
  | ({ readonly type: "batch" } & SentBatch)
  | { readonly type: "request"; readonly id: number; readonly request: WriterRequest }
  /** There is something in the spill file. */
  | { readonly type: "spilled" }
  /** The recorder closes: what can't be written soon need not be tried any longer. */
  | { readonly type: "closing" };

export type FromWriter =
  | { readonly type: "state"; readonly state: "open" | "degraded"; readonly error?: PlainError }
  | {
      readonly type: "log";
      readonly level: keyof Logger;
      readonly bindings: object;
      readonly message: string;
    }
  /** While the recorder closes: the ledger can't be opened, and waiting would not change that. */
  | { readonly type: "gaveUp" }
  | { readonly type: "reply"; readonly id: number; readonly value?: number; readonly error?: PlainError };

/** What is left of an error that crossed the boundary between threads. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
}
