import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import type { SentBatch } from "../handoff/batch";
import type { FromWriter, LedgerOptions, PlainError, ToWriter, WriterRequest } from "../handoff/protocol";
import type { SharedCounts } from "../handoff/shared-counts";
import type { Logger } from "../logger";
import { type StartWriter, startInline, type WriterLink } from "./writer-link";

/**
 * After this many threads in a row that ended without a message, threads are assumed not to work here, as in some
 * bundles.
 */
const STARTS_IN_VAIN = 2;
const FIRST_RESTART_MS = 10;
const LONGEST_RESTART_MS = 1_000;

type RequestMessage = Extract<ToWriter, { type: "request" }>;

interface PendingRequest {
  readonly message: RequestMessage;
  readonly settle: PromiseWithResolvers<number | undefined>;
}

/** Keeps a writer alive: starts it, restarts it when it dies, and resends everything that it has not answered. */
export class WriterSupervisor {
  readonly #options: LedgerOptions;
  readonly #counts: SharedCounts;
  readonly #unacknowledged: () => readonly SentBatch[];
  readonly #logger: Logger;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #gaveUp = Promise.withResolvers<void>();
  #startWriter: StartWriter;
  #link: WriterLink | undefined;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #state: "opening" | "open" | "degraded" = "opening";
  #lastError: string | undefined;
  #lastRequestId = 0;
  #startsInVain = 0;
  #deathsInARow = 0;
  #lastDeathMs = 0;
  #restarts = 0;
  #isStopped = false;
  #progressName: string | undefined;

  constructor(
    options: LedgerOptions,
    counts: SharedCounts,
    unacknowledged: () => readonly SentBatch[],
    startWriter: StartWriter,
    logger: Logger,
  ) {
    this.#options = options;
    this.#counts = counts;
    this.#unacknowledged = unacknowledged;
    this.#startWriter = startWriter;
    this.#logger = logger;
    // If nobody awaits `ready`, its rejection must not be reported as unhandled.
    this.#opened.promise.catch(() => {});
    this.#start();
  }

  /** Resolves when the ledger is open; rejects with `CLOSED` if the supervisor is stopped first. */
  get ready(): Promise<void> {
    return this.#opened.promise;
  }

  /**
   * Resolves when, during `close`, the writer has found that the ledger can't be opened and that retrying is
   * pointless.
   */
  get gaveUp(): Promise<void> {
    return this.#gaveUp.promise;
  }

  get health() {
    return { state: this.#state, lastError: this.#lastError, restarts: this.#restarts };
  }

  /** A batch posted while no writer is alive is not lost: a new writer gets everything that is unacknowledged. */
  post(message: ToWriter): void {
    this.#link?.post(message);
  }

  /** From now on the writer notes its progress in the ledger under this name. */
  noteProgressAs(name: string): void {
    this.#progressName = name;
    this.post({ type: "noteProgress", as: name });
  }

  /** Resolves when the writer has handled the request and everything posted before it. */
  request(request: WriterRequest): Promise<number | undefined> {
    this.#lastRequestId += 1;
    const message: RequestMessage = { type: "request", id: this.#lastRequestId, request };
    const settle = Promise.withResolvers<number | undefined>();
    if (this.#isStopped) {
      settle.reject(closed());
    } else {
      this.#pending.set(message.id, { message, settle });
      this.post(message);
    }
    return settle.promise;
  }

  /** Blocks until the batch is acknowledged or the time is up. Used while the process exits. */
  finish(sequence: number, timeoutMs: number): void {
    const deadline = performance.now() + timeoutMs;
    this.#link?.finish(sequence, timeoutMs / 2);
    // If the thread has not started by now, it may have failed: without a running event loop that can't be known.
    if (this.#counts.acknowledged < sequence && this.#counts.claim()) {
      this.#link?.terminate();
      this.#startWriter = startInline;
      this.#connect();
    }
    this.#link?.finish(sequence, Math.max(0, deadline - performance.now()));
  }

  /** Ends the writer; unanswered requests fail. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#restart);
    this.#link?.terminate();
    for (const { settle } of this.#pending.values()) settle.reject(closed());
    this.#pending.clear();
    this.#opened.reject(closed());
  }

  #start(): void {
    this.#counts.offer();
    this.#connect();
  }

  #connect(): void {
    let hasSpoken = false;
    try {
      this.#link = this.#startWriter(this.#options, this.#counts, {
        onMessage: (message) => {
          hasSpoken = true;
          this.#startsInVain = 0;
          this.#receive(message);
        },
        onDeath: (error) => this.#startAgain(hasSpoken, error),
      });
    } catch (error) {
      this.#startAgain(false, error);
      return;
    }
    if (this.#progressName !== undefined) this.#link.post({ type: "noteProgress", as: this.#progressName });
    for (const batch of this.#unacknowledged()) this.#link.post({ type: "batch", ...batch });
    for (const { message } of this.#pending.values()) this.#link.post(message);
  }

  #startAgain(hadSpoken: boolean, error: unknown): void {
    this.#link = undefined;
    if (this.#isStopped) return;
    if (!hadSpoken) this.#startsInVain += 1;
    if (this.#startsInVain >= STARTS_IN_VAIN) {
      const isInline = this.#startWriter === startInline;
      this.#startWriter = startInline;
      if (!isInline)
        this.#logger.warn(
          { err: error },
          "the writer's thread can't be started; the ledger is written on the application's own thread",
        );
    } else {
      this.#restarts += 1;
      this.#lastError = `the writer ended: ${error === undefined ? "no reason given" : messageOf(error)}`;
    }
    const nowMs = performance.now();
    this.#deathsInARow = nowMs - this.#lastDeathMs < LONGEST_RESTART_MS ? this.#deathsInARow + 1 : 0;
    this.#lastDeathMs = nowMs;
    const delayMs = Math.min(LONGEST_RESTART_MS, FIRST_RESTART_MS * 2 ** Math.min(this.#deathsInARow, 16));
    this.#restart = setTimeout(() => this.#start(), delayMs).unref();
  }

  #receive(message: FromWriter): void {
    switch (message.type) {
      case "state":
        this.#changeState(message.state, message.error);
        return;
      case "log":
        this.#logger[message.level](message.bindings, message.message);
        return;
      case "gaveUp":
        this.#gaveUp.resolve();
        return;
      case "reply": {
        const pending = this.#pending.get(message.id);
        this.#pending.delete(message.id);
        if (message.error === undefined) pending?.settle.resolve(message.value);
        else pending?.settle.reject(revive(message.error));
        return;
      }
    }
    message satisfies never;
  }

  #changeState(state: "open" | "degraded", error: PlainError | undefined): void {
    const { dbPath } = this.#options;
    if (state === "open") {
      this.#opened.resolve();
      if (this.#state === "degraded") this.#logger.warn({ dbPath }, "the ledger is written again");
    } else if (this.#state !== "degraded") {
      const kept = "the ledger can't be written; executions are kept and writing is retried";
      this.#logger.error({ dbPath, err: error && revive(error) }, `${kept}: ${error?.message}`);
    }
    if (error !== undefined) this.#lastError = error.message;
    this.#state = state;
  }
}

function revive({ code, message }: PlainError): RunledgerError {
  return new RunledgerError(code, message);
}

function closed(): RunledgerError {
  return new RunledgerError("CLOSED", "The telemetry handle is closed.");
}
