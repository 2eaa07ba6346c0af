import { outlasts } from "../deadline";
import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { keptAliveQuietly } from "../keep-alive";
import type { Logger } from "../logger";
import { locateDriver } from "../postgres/driver";
import { THREADS } from "../threads";
import { type StartedWorker, startWorker, type WorkerEvents } from "../worker";
import { ForwardTally } from "./forward-tally";
import type { ForwardStart, FromForwarder, ToForwarder } from "./forward-thread";
import type { ParsedForwardOptions } from "./options";
import type { Forwarding, ForwardingCloseReport, ForwardingStats } from "./types";

/**
 * After this many threads in a row that ended without a message, threads are assumed not to work here, as in some
 * bundles.
 */
const STARTS_IN_VAIN = 2;
const FIRST_RESTART_MS = 10;
const LONGEST_RESTART_MS = 30_000;
/** The share of `close`'s time that the thread gets; the rest is for its answer to arrive. */
const SHARE_OF_THREAD = 0.9;

type Request = ToForwarder extends infer Message
  ? Message extends unknown
    ? Omit<Message, "id">
    : never
  : never;

/** Starts the thread. */
type StartThread = (entry: string, events: WorkerEvents<FromForwarder>) => StartedWorker;

interface PendingRequest {
  readonly message: ToForwarder;
  readonly settle: PromiseWithResolvers<void>;
}

/** Keeps the forwarder's thread alive, and resends unanswered requests to a new one. */
export class ForwardSupervisor implements Forwarding {
  readonly #options: ParsedForwardOptions;
  readonly #logger: Logger;
  readonly #startThread: StartThread;
  readonly #tally = new ForwardTally();
  readonly #opened = Promise.withResolvers<void>();
  readonly #pending = new Map<number, PendingRequest>();
  #thread: StartedWorker | undefined;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #state: ForwardingStats["state"] = "opening";
  #lastError: string | undefined;
  #lastRequestId = 0;
  #deathsInARow = 0;
  #startsInVain = 0;
  #restarts = 0;
  #closing: Promise<ForwardingCloseReport> | undefined;
  /** Created on first use: from then on it keeps the process alive. */
  #ready: Promise<void> | undefined;

  constructor(options: ParsedForwardOptions, logger: Logger, startThread: StartThread = startWorker) {
    this.#options = options;
    this.#logger = logger;
    this.#startThread = startThread;
    // If nobody awaits `ready`, its rejection must not be reported as unhandled.
    this.#opened.promise.catch(() => {});
    this.#start();
  }

  get ready(): Promise<void> {
    this.#ready ??= keptAliveQuietly(this.#opened.promise, this.#isHopeless);
    return this.#ready;
  }

  stats(): ForwardingStats {
    return {
      ...this.#tally.report,
      state: this.#state,
      lastError: this.#lastError,
      restarts: this.#restarts,
    };
  }

  flush(): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    return keptAliveQuietly(this.#request({ type: "flush" }), this.#isHopeless);
  }

  close(timeoutMs = this.#options.closeTimeoutMs): Promise<ForwardingCloseReport> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Does not keep the process alive for a target that can't be reached or a thread that can't be started. */
  readonly #isHopeless = (): boolean => this.#state === "degraded" || this.#startsInVain >= STARTS_IN_VAIN;

  async #close(timeoutMs: number): Promise<ForwardingCloseReport> {
    this.#state = "closing";
    const drained = this.#request({ type: "close", timeoutMs: timeoutMs * SHARE_OF_THREAD });
    const timedOut = await outlasts(drained, timeoutMs);
    this.#state = "closed";
    clearTimeout(this.#restart);
    this.#thread?.terminate();
    for (const { settle } of this.#pending.values()) settle.reject(closed());
    this.#pending.clear();
    this.#opened.reject(closed());
    const { report } = this.#tally;
    if (report.behind > 0) {
      const message =
        "executions are not forwarded yet; they stay in the ledger, and are sent after the next start";
      this.#logger.warn({ target: this.#options.to.name, behind: report.behind }, message);
    }
    return { ...report, timedOut };
  }

  #request(request: Request): Promise<void> {
    this.#lastRequestId += 1;
    const message: ToForwarder = { ...request, id: this.#lastRequestId };
    const settle = Promise.withResolvers<void>();
    // If the caller doesn't await the answer, its rejection must not be reported as unhandled.
    settle.promise.catch(() => {});
    this.#pending.set(message.id, { message, settle });
    this.#thread?.post(message);
    return settle.promise;
  }

  #start(): void {
    let hasSpoken = false;
    try {
      this.#thread = this.#startThread(THREADS.forwarder(), {
        onMessage: (message) => {
          hasSpoken = true;
          this.#startsInVain = 0;
          this.#receive(message);
        },
        onEnd: (error) => this.#startAgain(hasSpoken, error),
      });
    } catch (error) {
      this.#startAgain(false, error);
      return;
    }
    const { from, to, ssl, batchSize, intervalMs } = this.#options;
    const url = to.connectionString();
    const start: ForwardStart = {
      ...{ from, url, schema: to.schema, ssl, batchSize, intervalMs },
      driver: locateDriver(),
      tally: this.#tally.buffer,
    };
    this.#thread.post(start);
    for (const { message } of this.#pending.values()) this.#thread.post(message);
  }

  #startAgain(hadSpoken: boolean, error: unknown): void {
    this.#thread = undefined;
    if (this.#state === "closed") return;
    this.#restarts += 1;
    const reason = error === undefined ? "no reason given" : this.#options.to.redact(messageOf(error));
    this.#lastError = `the forwarder's thread ended: ${reason}`;
    if (!hadSpoken) this.#startsInVain += 1;
    if (this.#startsInVain === STARTS_IN_VAIN) {
      const message =
        "the forwarder's thread can't be started, so nothing is forwarded; for an application made by bun build see docs/operations.md, under Bundling and compiling";
      this.#logger.error({ reason }, message);
    }
    this.#deathsInARow = hadSpoken && this.#state === "open" ? 0 : this.#deathsInARow + 1;
    const delayMs = Math.min(LONGEST_RESTART_MS, FIRST_RESTART_MS * 2 ** Math.min(this.#deathsInARow, 16));
    this.#restart = setTimeout(() => this.#start(), delayMs).unref();
  }

  #receive(message: FromForwarder): void {
    switch (message.type) {
      case "started":
        return;
      case "open":
        this.#opened.resolve();
        this.#changeState("open");
        return;
      case "degraded":
        this.#lastError = message.message;
        this.#changeState("degraded");
        return;
      case "log":
        this.#logger[message.level](message.bindings, message.message);
        return;
      case "reply":
        this.#pending.get(message.id)?.settle.resolve();
        this.#pending.delete(message.id);
        return;
    }
    message satisfies never;
  }

  #changeState(state: "open" | "degraded"): void {
    if (this.#state !== "closing" && this.#state !== "closed") this.#state = state;
  }
}

function closed(): RunledgerError {
  return new RunledgerError("CLOSED", "The forward plugin is closed.");
}
