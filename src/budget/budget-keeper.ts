import { outlasts } from "../deadline";
import { RunledgerError } from "../errors";
import { keptAliveQuietly } from "../keep-alive";
import type { Logger } from "../logger";
import { locateDriver } from "../postgres/driver";
import { followRecorders } from "../recorder/following";
import type { ReservedBudget } from "../running-plugins";
import { newOwner } from "./alert-owner";
import type { TypedAlert } from "./alerts";
import { Books } from "./books";
import { BudgetThreadLink } from "./budget-thread-link";
import type { ParsedBudgetPluginOptions } from "./options";
import { type FromBudgetThread, fromPosted, type PostedReading } from "./protocol";
import type { BudgetCheck, BudgetHold, BudgetState, BudgetStats, Budgets, Spender } from "./types";

/**
 * The first interval after which a ledger that was never read is tried again; it grows. An application may just be
 * starting.
 */
const FIRST_RETRY_MS = 20;
/** How many such attempts are made before anything is logged: with the defaults, some seconds. */
const FIRST_READS = 12;
/** A reading older than this many intervals, and than this many milliseconds, is stale: the thread hangs. */
const STALE_AFTER_INTERVALS = 5;
const STALE_AFTER_MS = 5_000;
/** The share of `close`'s time that the thread gets; the rest is for its answer to arrive. */
const SHARE_OF_THREAD = 0.9;

/** The budgets of a process. They answer from memory; a thread reads the ledger and finds the alerts. */
export class BudgetKeeper implements Budgets {
  readonly #options: ParsedBudgetPluginOptions;
  readonly #logger: Logger;
  readonly #emit: (alert: TypedAlert) => void;
  readonly #books: Books;
  readonly #unfollow: () => void;
  /** None for a ledger in memory, which no thread can read. */
  readonly #thread: BudgetThreadLink | undefined;
  readonly #opened = Promise.withResolvers<void>();
  /** Callers that wait for a reading, by its number. */
  readonly #waiting = new Map<number, () => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The reading in progress. */
  #readId: number | undefined;
  #isReadWanted = false;
  #state: BudgetStats["state"] = "opening";
  #lastError: string | undefined;
  /** When the ledger was last read, on the monotonic clock. */
  #readAtMs: number | undefined;
  #firstReads = 0;
  #alerts = 0;
  #delivered = 0;
  #undelivered = 0;
  #closing: Promise<void> | undefined;
  readonly #threadClosed = Promise.withResolvers<void>();
  /** Created on first use: from then on it keeps the process alive. */
  #ready: Promise<void> | undefined;

  /** @param emit Emits an alert on the host's bus. What it throws is logged. */
  constructor(options: ParsedBudgetPluginOptions, emit: (alert: TypedAlert) => void, logger: Logger) {
    this.#options = options;
    this.#emit = emit;
    this.#logger = logger;
    this.#books = new Books(options, () => this.#readSoon());
    // Nobody may be waiting for `ready`: its rejection must not be reported as unhandled.
    this.#opened.promise.catch(() => {});
    this.#unfollow = followRecorders(options.dbPath, this.#books.begin);
    if (options.dbPath === ":memory:") {
      this.#state = "open";
      this.#opened.resolve();
    } else {
      this.#thread = this.#startThread();
      this.#read();
    }
  }

  get ready(): Promise<void> {
    this.#ready ??= keptAliveQuietly(this.#opened.promise, this.#isHopeless);
    return this.#ready;
  }

  check(spender: Spender, amountUsd = 0): BudgetCheck {
    const budgets = this.#books.statesFor(spender, amountUsd);
    const ageMs = this.#readAtMs === undefined ? null : performance.now() - this.#readAtMs;
    const stale = this.#isStale(ageMs);
    return { allowed: this.#isAllowed(budgets, stale), budgets, stale, ageMs };
  }

  reserve(spender: Spender, amountUsd: number, executionId: string = Bun.randomUUIDv7()): BudgetHold {
    return this.#books.reserve(spender, amountUsd, executionId, (states) =>
      this.#isAllowed(states, this.#isStale()),
    );
  }

  states(): readonly BudgetState[] {
    return this.#books.states();
  }

  /** What `reserve` holds of each budget, and of each value. */
  reserved(): readonly ReservedBudget[] {
    const { budgets } = this.#options;
    return this.#books.reserved().map(({ index, value, reservedUsd }) => ({
      budget: budgets[index]?.name ?? "",
      value: budgets[index]?.each === undefined ? null : value,
      reservedUsd,
    }));
  }

  refresh(): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    return keptAliveQuietly(this.#readNow(), this.#isHopeless);
  }

  stats(): BudgetStats {
    return {
      state: this.#state,
      lastError: this.#lastError,
      pending: this.#books.pendingSize,
      holds: this.#books.holdsSize,
      alerts: this.#alerts,
      delivered: this.#delivered,
      undelivered: this.#undelivered,
      restarts: this.#thread?.restarts ?? 0,
    };
  }

  close(timeoutMs = this.#options.closeTimeoutMs): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const leftMs = () => Math.max(0, deadline - performance.now());
    this.#state = "closing";
    clearTimeout(this.#timer);
    if (this.#thread !== undefined && !this.#thread.isHopeless) {
      // Alerts for what is committed by now are sent before the end.
      await outlasts(this.#readNow(), leftMs() / 2);
      this.#thread.post({ type: "close", timeoutMs: leftMs() * SHARE_OF_THREAD });
      await outlasts(this.#threadClosed.promise, leftMs());
    }
    this.#state = "closed";
    this.#unfollow();
    this.#thread?.end();
    this.#opened.reject(closed());
    this.#answer(Number.POSITIVE_INFINITY);
    if (this.#undelivered > 0) {
      const message = "alerts that the webhook did not take; they are posted after the next start";
      this.#logger.warn({ undelivered: this.#undelivered }, message);
    }
  }

  /** Doesn't keep the process alive for a ledger that can't be read. */
  readonly #isHopeless = (): boolean => this.#state === "degraded" || this.#thread?.isHopeless === true;

  #isAllowed(budgets: readonly BudgetState[], stale: boolean): boolean {
    if (stale && this.#options.onUnknown === "deny") return false;
    return budgets.every(({ allowed }) => allowed);
  }

  #isStale(ageMs = this.#readAtMs === undefined ? null : performance.now() - this.#readAtMs): boolean {
    if (this.#thread === undefined) return false;
    const staleAfterMs = Math.max(STALE_AFTER_MS, STALE_AFTER_INTERVALS * this.#options.readIntervalMs);
    return ageMs === null || ageMs > staleAfterMs || this.#state === "degraded";
  }

  /** Resolves when a reading that began after this call has ended. */
  async #readNow(): Promise<void> {
    if (this.#thread === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(this.#books.nextReadId(), resolve);
    this.#readSoon();
    await promise;
  }

  #readSoon(): void {
    this.#isReadWanted = true;
    if (this.#readId === undefined) this.#read();
  }

  readonly #read = (): void => {
    clearTimeout(this.#timer);
    if (this.#thread === undefined || this.#readId !== undefined || this.#state === "closed") return;
    this.#isReadWanted = false;
    this.#readId = this.#books.nextReadId();
    this.#thread.post({ type: "read", id: this.#readId });
  };

  #readLater(): void {
    this.#readId = undefined;
    if (this.#isReadWanted) this.#read();
    else if (this.#closing === undefined) this.#startTimer();
  }

  #startTimer(): void {
    const { readIntervalMs } = this.#options;
    const firstMs = FIRST_RETRY_MS * 2 ** Math.min(this.#firstReads, 16);
    const delayMs = this.#readAtMs === undefined ? Math.min(firstMs, readIntervalMs) : readIntervalMs;
    this.#firstReads += 1;
    this.#timer = setTimeout(this.#read, delayMs).unref();
  }

  #startThread(): BudgetThreadLink {
    const { dbPath, shared, webhook, budgets, alertAt, unknownCostUsd } = this.#options;
    const start = {
      ...{ dbPath, webhook, budgets, alertAt, unknownCostUsd },
      shared: shared === undefined ? undefined : { url: shared, driver: locateDriver() },
      owner: newOwner(),
    };
    return new BudgetThreadLink(
      start,
      {
        onMessage: (message) => this.#receive(message),
        onDeath: (reason) => {
          this.#degrade(reason);
          this.#readId = undefined;
        },
        onRestart: () => {
          // Requests made in the meantime were lost with the thread.
          this.#readId = undefined;
          this.#read();
        },
      },
      this.#logger,
    );
  }

  #receive(message: FromBudgetThread): void {
    switch (message.type) {
      case "reading":
        this.#take(message);
        return;
      case "read":
        this.#answer(message.id);
        this.#readLater();
        return;
      case "failed":
        this.#degrade(message.message);
        return;
      case "alerts":
        this.#tell(message.alerts);
        return;
      case "webhook":
        this.#delivered = message.delivered;
        this.#undelivered = message.undelivered;
        return;
      case "log":
        this.#logger[message.level](message.bindings, message.message);
        return;
      case "closed":
        this.#threadClosed.resolve();
        return;
    }
    message satisfies never;
  }

  #take({ id, amounts, isComplete, ...reading }: PostedReading): void {
    this.#books.take({ ...reading, readId: id, amounts: fromPosted(amounts) });
    if (!isComplete) return;
    this.#readAtMs = performance.now();
    this.#opened.resolve();
    if (this.#state === "degraded")
      this.#logger.warn({ dbPath: this.#options.dbPath }, "budgets are read again");
    if (this.#state === "degraded" || this.#state === "opening") this.#state = "open";
  }

  #degrade(reason: string): void {
    this.#lastError = reason;
    // A ledger that doesn't exist yet, as at the first start, is not an error, unless it stays missing.
    const isAwaited = this.#state === "opening" && this.#firstReads < FIRST_READS;
    if (isAwaited || (this.#state !== "open" && this.#state !== "opening")) return;
    this.#state = "degraded";
    const message = `what budgets have spent can't be read, and is tried again: ${reason}`;
    this.#logger.warn({ dbPath: this.#options.dbPath }, message);
  }

  /** A listener may throw: the alert counts as sent anyway. */
  #tell(alerts: readonly TypedAlert[]): void {
    for (const alert of alerts) {
      this.#alerts += 1;
      try {
        this.#emit(alert);
      } catch (err) {
        this.#logger.error({ err, alert }, `a listener of ${alert.type} failed`);
      }
    }
    this.#thread?.post({ type: "told", ids: alerts.map(({ alert }) => alert.id) });
  }

  /** Answers callers that wait for a reading up to this number. */
  #answer(readId: number): void {
    for (const [id, resolve] of this.#waiting) {
      if (id > readId) return;
      this.#waiting.delete(id);
      resolve();
    }
  }
}

function closed(): RunledgerError {
  return new RunledgerError("CLOSED", "The budget plugin is closed.");
}
