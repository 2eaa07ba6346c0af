import { SQLiteError } from "bun:sqlite";
import type { RunledgerError } from "../errors";
import { toStoreFailure } from "../ledger/sqlite-errors";
import { openPostgres, type Postgres } from "../postgres/connection";
import { type FailureKind, failureKindOf, toPostgresFailure } from "../postgres/errors";
import { assertUnicode, migratePostgres } from "../postgres/migrations";
import type { PostgresLocation } from "../postgres/url";
import { ForwardSession, type Mark, type SessionEvents } from "./forward-session";
import { ForwardTarget } from "./forward-target";
import { LedgerChangedError, LedgerSource } from "./ledger-source";

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 30_000;
/** A server that does not answer for this long is considered dead. */
const STATEMENT_TIMEOUT_MS = 60_000;
const DISCONNECT_WITHIN_MS = 1_000;

/** What to forward, where to, and how. */
export interface ForwarderOptions {
  /** The ledger's file. */
  readonly from: string;
  readonly to: PostgresLocation;
  /** TLS, as `pg` takes it. */
  readonly ssl?: unknown;
  /** The location of the package `pg`, for a thread that can't resolve it. */
  readonly driver?: string | undefined;
  /** Executions per transaction. */
  readonly batchSize: number;
  /** How long to wait when there was nothing to forward, in milliseconds. */
  readonly intervalMs: number;
}

/** A failure, for the forwarder's owner to judge. */
export interface ForwardFailure {
  /** `absent`: there is no ledger yet. */
  readonly kind: FailureKind | "absent";
  readonly error: RunledgerError;
  /** Whether forwarding ever worked. */
  readonly hasWorked: boolean;
}

/** What a forwarder reports to its owner. */
export interface ForwarderEvents extends SessionEvents {
  /** It works, for the first time or again after a failure. */
  readonly onOpen: () => void;
  /**
   * It stopped working and is retried. Called once per outage, and again if the cause becomes a different one that a
   * person must fix.
   */
  readonly onDegraded: (failure: ForwardFailure) => void;
  /** How many executions are not on the target yet. */
  readonly onBehind: (executions: number) => void;
  /** Whether a failure ends the forwarder instead of being retried. */
  readonly isFinal: (failure: ForwardFailure) => boolean;
}

interface Flush {
  readonly resolve: () => void;
  /** The end of the ledger when the flush was requested. */
  upTo: Mark | undefined;
}

/** Forwards a ledger to PostgreSQL and retries whatever fails. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #events: ForwarderEvents;
  readonly #flushes: Flush[] = [];
  /** The end of the ledger when it was told to drain. */
  #end: Mark | undefined;
  #lastingMessage: string | undefined;
  #state: "new" | "open" | "absent" | "degraded" = "new";
  #hasWorked = false;
  #isOnce = false;
  /** `draining`: it ends when nothing is left to forward, or at the first failure. */
  #phase: "following" | "draining" | "ended" = "following";
  #deadlineMs = Number.POSITIVE_INFINITY;
  #wake = Promise.withResolvers<void>();

  constructor(options: ForwarderOptions, events: ForwarderEvents) {
    this.#options = options;
    this.#events = events;
  }

  /**
   * Forwards until it is stopped; with `once`, until nothing is left to forward.
   *
   * @throws {RunledgerError} a failure for which `isFinal` returned true.
   */
  async run({ once = false } = {}): Promise<void> {
    this.#isOnce = once;
    for (let failures = 0; this.#phase !== "ended"; ) {
      try {
        await this.#connectAndForward(() => {
          failures = 0;
        });
      } catch (error) {
        if (error instanceof LedgerChangedError) continue;
        const failure = this.#failureOf(error);
        if (this.#events.isFinal(failure)) throw failure.error;
        this.#degrade(failure);
        if (this.#phase === "draining") this.#phase = "ended";
        await this.#pause(failure.kind === "absent" ? this.#options.intervalMs : retryDelayMs(failures));
        failures += 1;
      }
    }
  }

  /**
   * Resolves when everything now in the ledger is on the target or was refused there; never, if the forwarder ends
   * first.
   */
  flush(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushes.push({ resolve, upTo: undefined });
    if (this.#state === "open") this.#wake.resolve();
    return promise;
  }

  /** Forwards the rest, for at most this many milliseconds or until the first failure, then ends. */
  drain(timeoutMs: number): void {
    if (this.#phase === "following") this.#phase = "draining";
    this.#deadlineMs = performance.now() + timeoutMs;
    this.#wake.resolve();
  }

  /** Stops it after the current batch. */
  stop(): void {
    this.#phase = "ended";
    this.#wake.resolve();
  }

  async #connectAndForward(onWorking: () => void): Promise<void> {
    const { from, to, ssl, driver, batchSize } = this.#options;
    using source = new LedgerSource(from, to.name);
    this.#events.onBehind(Math.max(0, source.newestId - source.watermark.last_id));
    const postgres = await openPostgres(to, { ssl, driver, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
    try {
      const session = await this.#resume(source, postgres, batchSize);
      while (this.#phase !== "ended") await this.#step(session, onWorking);
    } finally {
      await postgres.close(DISCONNECT_WITHIN_MS);
    }
  }

  async #resume(source: LedgerSource, { db }: Postgres, batchSize: number): Promise<ForwardSession> {
    await assertUnicode(db);
    await migratePostgres(db, this.#options.to.schema);
    const { name, schema } = this.#options.to;
    const target = new ForwardTarget(db, schema, source.ledgerId);
    source.reach((await target.identity()) ?? name);
    return ForwardSession.resume(source, target, batchSize, this.#events);
  }

  async #step(session: ForwardSession, onWorking: () => void): Promise<void> {
    const { newest } = session;
    for (const flush of this.#flushes) flush.upTo ??= newest;
    if (this.#isOnce || this.#phase === "draining") this.#end ??= newest;
    const end = this.#end;
    const flushes = this.#flushes.length;
    const didWork = await session.step();
    onWorking();
    this.#open();
    this.#events.onBehind(session.behind);
    if (performance.now() > this.#deadlineMs) this.stop();
    // Flushes requested during this step may be for rows that arrived since.
    const isDone = (mark: Mark | undefined) => mark !== undefined && (!didWork || session.hasReached(mark));
    const asked = this.#flushes.splice(0, flushes);
    this.#flushes.unshift(...asked.filter(({ upTo }) => !isDone(upTo)));
    for (const { resolve, upTo } of asked) if (isDone(upTo)) resolve();
    if (isDone(end)) this.stop();
    else if (!didWork && this.#flushes.length === 0) await this.#pause(this.#options.intervalMs);
  }

  #failureOf(thrown: unknown): ForwardFailure {
    const { to } = this.#options;
    const error =
      thrown instanceof SQLiteError
        ? (toStoreFailure("read the ledger", thrown) as RunledgerError)
        : toPostgresFailure("FORWARD_FAILED", "forward to", to, thrown);
    const isAbsent = error.code === "LEDGER_NOT_FOUND" && !this.#hasWorked;
    const kind = isAbsent ? "absent" : failureKindOf(thrown);
    return { kind, error, hasWorked: this.#hasWorked };
  }

  #open(): void {
    this.#hasWorked = true;
    this.#lastingMessage = undefined;
    if (this.#state === "open") return;
    this.#state = "open";
    this.#events.onOpen();
  }

  #degrade(failure: ForwardFailure): void {
    const state = failure.kind === "absent" ? "absent" : "degraded";
    const { message } = failure.error;
    // A different failure that a person must fix.
    const isNews = failure.kind === "lasting" && message !== this.#lastingMessage;
    if (this.#state === state && !isNews) return;
    if (failure.kind === "lasting") this.#lastingMessage = message;
    this.#state = state;
    this.#events.onDegraded(failure);
  }

  /** Waits until it is woken, but no longer than this; not at all once it drains. */
  async #pause(forMs: number): Promise<void> {
    if (this.#phase !== "following") return;
    this.#wake = Promise.withResolvers();
    const timer = setTimeout(this.#wake.resolve, forMs);
    await this.#wake.promise;
    clearTimeout(timer);
  }
}

/** Exponential backoff with jitter, so that many forwarders don't return at the same moment. */
function retryDelayMs(failures: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 16)) * (0.5 + Math.random() / 2);
}
