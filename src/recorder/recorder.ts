import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { outlasts } from "../deadline";
import { messageOf } from "../describe";
import { FailureLog } from "../failure-log";
import type { Batch } from "../handoff/batch";
import { toLines } from "../handoff/batch-lines";
import type { LedgerOptions, WriterRequest } from "../handoff/protocol";
import { SharedCounts } from "../handoff/shared-counts";
import { appendToSpill } from "../handoff/spill";
import { keptAlive, keptAliveQuietly } from "../keep-alive";
import { cutoffOf } from "../ledger/cutoff";
import type { Logger } from "../logger";
import type { TelemetryRecord } from "../record/types";
import { atExit } from "./at-exit";
import { announceRecorder, type BeginFollowing, type Follower } from "./following";
import { BatchQueue } from "./queue";
import type { TelemetryCloseReport, TelemetryRecorder, TelemetryStats } from "./types";
import type { StartWriter } from "./writer-link";
import { WriterSupervisor } from "./writer-supervisor";

/** How a {@link QueuedRecorder} works. */
export interface RecorderOptions extends LedgerOptions {
  /** How long an event may wait before its batch is sent, in milliseconds. */
  readonly flushIntervalMs: number;
  /** Events in one batch; batches that wait are written together. */
  readonly maxBatchSize: number;
  /** Events kept in memory. Beyond it, the oldest that are not in flight go to the spill file. */
  readonly maxQueueSize: number;
  /** How long the exit of the process may wait for the writer, in milliseconds. */
  readonly exitTimeoutMs: number;
}

/**
 * Batches in flight at a time; those behind them can still be spilled. Enough that the writer does not run dry between
 * two flushes of a busy host.
 */
const BATCHES_IN_FLIGHT = 16;

/** How often to check whether the writer has room for waiting batches, in milliseconds. */
const POLL_MS = 5;

/**
 * The host's side of the ledger. An event costs the host a copy of its fields. Batches go to the writer, and stay here
 * until they are acknowledged.
 */
export class QueuedRecorder implements TelemetryRecorder {
  readonly #options: RecorderOptions;
  readonly #logger: Logger;
  readonly #counts = new SharedCounts();
  readonly #queue = new BatchQueue();
  readonly #writer: WriterSupervisor;
  readonly #maxBatchSize: number;
  readonly #maxInFlight: number;
  readonly #spills: FailureLog<"warn">;
  readonly #drops: FailureLog<"error">;
  readonly #forgetExit: () => void;
  readonly #forgetRecorder: () => void;
  /** The name under which its progress is noted in the ledger, for followers. */
  readonly #id = Bun.randomUUIDv7();
  #followers: readonly { readonly begin: BeginFollowing; readonly follower: Follower }[] = [];
  /** Created on first use: from then on it keeps the process alive. */
  #ready: Promise<void> | undefined;
  #received = 0;
  #spilled = 0;
  #dropped = 0;
  /** Spilled and dropped since the last incident was written, and why the last one was dropped. */
  #unreported: { spilled: number; dropped: number; cause?: unknown } = { spilled: 0, dropped: 0 };
  /** Requests to send once no batch is waiting. */
  readonly #requests: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #polling: ReturnType<typeof setTimeout> | undefined;
  #phase: "running" | "closing" | "closed" = "running";
  /** What the writer had acknowledged when it was stopped. Whatever it did after that is also in the spill file. */
  #finalCounts: ReturnType<SharedCounts["snapshot"]> | undefined;

  constructor(options: RecorderOptions, startWriter: StartWriter, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    this.#maxBatchSize = Math.min(options.maxBatchSize, options.maxQueueSize);
    this.#maxInFlight = Math.min(BATCHES_IN_FLIGHT * this.#maxBatchSize, options.maxQueueSize);
    this.#spills = new FailureLog(logger, "warn", "executions spilled to a file, which is drained later");
    this.#drops = new FailureLog(
      logger,
      "error",
      "executions lost: they could neither be written nor spilled to a file",
    );
    const { dbPath, synchronous, retentionDays, estimateCost } = options;
    const unacknowledged = () => {
      this.#queue.acknowledge(this.#counts.acknowledged);
      return this.#queue.sent;
    };
    const ledger = { dbPath, synchronous, retentionDays, estimateCost };
    this.#writer = new WriterSupervisor(ledger, this.#counts, unacknowledged, startWriter, logger);
    this.#forgetExit = atExit(() => this.#exit());
    this.#forgetRecorder = announceRecorder({
      dbPath,
      follow: (begin) => this.#follow(begin),
      unfollow: (begin) => {
        this.#followers = this.#followers.filter((followed) => followed.begin !== begin);
      },
    });
  }

  get ready(): Promise<void> {
    this.#ready ??= keptAliveQuietly(this.#writer.ready, this.#isDegraded);
    return this.#ready;
  }

  record(event: TelemetryRecord): void {
    this.#received += 1;
    const size = this.#queue.push(event);
    for (const { follower } of this.#followers) follower.taken(event, this.#queue.lastTimeMs);
    if (this.#phase === "closed") this.#spillAll();
    // Events that arrive while it is closing are no longer sent: they go to the spill file at the end.
    else if (this.#phase === "running" && size >= this.#maxBatchSize) this.#sendBatches();
    else if (this.#phase === "running") this.#startTimer();
  }

  async flush(): Promise<void> {
    // Fails only if the recorder was closed meanwhile: then everything is in the ledger or in the spill file.
    await this.#ask({ kind: "flush" }).catch(() => {});
  }

  async purgeOlderThan(days: number): Promise<number> {
    cutoffOf(days);
    return (await this.#ask({ kind: "purge", days })) ?? 0;
  }

  async checkpoint(): Promise<void> {
    await this.#ask({ kind: "checkpoint" });
  }

  stats(): TelemetryStats {
    const { acknowledged, written, duplicates, rejected } = this.#finalCounts ?? this.#counts.snapshot();
    this.#queue.acknowledge(acknowledged);
    const { state, lastError, restarts } = this.#writer.health;
    return {
      received: this.#received,
      written,
      duplicates,
      rejected,
      failed: 0,
      spilled: this.#spilled,
      dropped: this.#dropped,
      queued: this.#queue.size,
      inFlight: this.#queue.sentSize,
      takenIn: this.#counts.takenIn,
      state: this.#phase === "running" ? state : this.#phase,
      lastError,
      restarts,
      lastFlushMs: this.#counts.lastFlushMs,
    };
  }

  async close(timeoutMs: number): Promise<TelemetryCloseReport> {
    this.#reportLosses();
    const closing = this.#request({ kind: "close", timeoutMs });
    this.#phase = "closing";
    this.#writer.post({ type: "closing" });
    const timedOut = await outlasts(Promise.race([closing, this.#writer.gaveUp]), timeoutMs);
    this.#end();
    if (timedOut)
      this.#logger.error({ ...this.stats() }, "telemetry was closed before everything was written");
    const { written, duplicates, rejected, failed, spilled, dropped, queued } = this.stats();
    return { written, duplicates, rejected, failed, spilled, dropped, queued, timedOut };
  }

  /**
   * Like {@link QueuedRecorder.#request}, but keeps the process alive until it is answered, unless the ledger can't be
   * written, which might last for ever.
   */
  #ask(request: WriterRequest): Promise<number | undefined> {
    return keptAlive(this.#request(request), this.#isDegraded);
  }

  readonly #isDegraded = (): boolean => this.#writer.health.state === "degraded";

  #follow(begin: BeginFollowing): void {
    const follower = begin(this.#id, this.#queue.waitingBatches);
    this.#followers = [...this.#followers, { begin, follower }];
    this.#writer.noteProgressAs(this.#id);
  }

  /** Sends a request to the writer after everything received so far, including batches that still wait. */
  #request(request: WriterRequest): Promise<number | undefined> {
    if (this.#phase === "closed") return this.#writer.request(request);
    const answer = Promise.withResolvers<number | undefined>();
    this.#requests.push(() => answer.resolve(this.#writer.request(request)));
    this.#sendBatches();
    return answer.promise;
  }

  #startTimer(): void {
    this.#timer ??= setTimeout(this.#onTimer, this.#options.flushIntervalMs).unref();
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#sendBatches();
    if (this.#queue.size > 0) this.#startTimer();
  };

  /** Sends waiting batches as soon as the writer has room, regardless of the flush interval. */
  #startPolling(): void {
    this.#polling ??= setTimeout(this.#onPoll, POLL_MS).unref();
  }

  readonly #onPoll = (): void => {
    this.#polling = undefined;
    this.#sendWaiting();
  };

  /** Sends what is due and spills what exceeds the limit. Never throws: it runs within `emit`. */
  #sendBatches(): void {
    if (this.#phase === "running") this.#seal();
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    const queue = this.#queue;
    queue.acknowledge(this.#counts.acknowledged);
    while (queue.sentSize < this.#maxInFlight && this.#sendOne());
    if (queue.size > this.#options.maxQueueSize) this.#spill(queue.takeOverflow(this.#options.maxQueueSize));
    queue.packWaiting();
    if (queue.size <= this.#options.maxQueueSize / 2) this.#reportLosses();
    if (queue.waitingSize > 0) this.#startPolling();
    else this.#sendRequests();
  }

  #sendRequests(): void {
    for (const send of this.#requests.splice(0)) send();
  }

  /** Seals the open batch. Records that are too long for JSON can't be stored anywhere, and count as dropped. */
  #seal(): void {
    const waiting = this.#queue.waitingBatches;
    const lost = this.#queue.seal();
    for (const { follower } of this.#followers) follower.sealed(this.#queue.waitingBatches - waiting);
    if (lost > 0) this.#drop(lost, new Error("a record is too long for a JSON string"));
  }

  #drop(count: number, cause: unknown): void {
    this.#dropped += count;
    this.#unreported.dropped += count;
    this.#unreported.cause = cause;
    this.#drops.add({ err: cause }, count);
  }

  #sendOne(): boolean {
    const batch = this.#queue.send();
    if (batch === undefined) return false;
    for (const { follower } of this.#followers) follower.sent(batch.sequence);
    this.#writer.post({ type: "batch", ...batch });
    return true;
  }

  #spillAll(): void {
    this.#seal();
    const sent = this.#queue.sent.length;
    this.#spill(this.#queue.takeAll(), sent);
  }

  /** @param sent How many of the batches had been sent to the writer. */
  #spill(batches: readonly Batch[], sent = 0): void {
    if (batches.length === 0) return;
    const { dbPath } = this.#options;
    const size = batches.reduce((total, batch) => total + batch.size, 0);
    for (const { follower } of this.#followers) follower.spilled(batches.length - sent);
    try {
      if (dbPath === ":memory:") throw new Error("a ledger in memory has no spill file");
      const path = appendToSpill(dbPath, batches.map(toLines));
      this.#spilled += size;
      this.#unreported.spilled += size;
      this.#spills.add({ path }, size);
      this.#writer.post({ type: "spilled" });
    } catch (error) {
      this.#drop(size, error);
    }
  }

  /** Writes one incident for a whole run of spilled or dropped records. */
  #reportLosses(): void {
    const { spilled, dropped, cause } = this.#unreported;
    this.#unreported = { spilled: 0, dropped: 0 };
    const report = (kind: "spilled" | "dropped", count: number, reason: string) => {
      if (count > 0)
        this.#writer.request({ kind: "incident", incident: { kind, count, reason } }).catch(() => {});
    };
    report("spilled", spilled, "The writer could not keep up; the records went to the spill file.");
    report("dropped", dropped, `The records could neither be written nor spilled: ${messageOf(cause)}.`);
  }

  #exit(): void {
    if (this.#phase === "running") this.#seal();
    while (this.#sendOne());
    const isGone = this.#isLedgerGone();
    if (isGone) this.#writer.post({ type: "batch", ...this.#queue.sendNothing() });
    if (isGone || this.#queue.size > 0)
      this.#writer.finish(this.#queue.lastSequence, this.#options.exitTimeoutMs);
    this.#end();
  }

  /** Whether the ledger's file was deleted. The writer puts it back before its next write. */
  #isLedgerGone(): boolean {
    const { dbPath } = this.#options;
    if (dbPath === ":memory:" || this.#counts.acknowledged === 0) return false;
    return !existsSync(dbPath) && existsSync(dirname(dbPath));
  }

  /** Stops writing: what is not acknowledged goes to the spill file. */
  #end(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#forgetExit();
    clearTimeout(this.#timer);
    clearTimeout(this.#polling);
    this.#writer.stop();
    this.#sendRequests();
    this.#finalCounts = this.#counts.snapshot();
    this.#queue.acknowledge(this.#finalCounts.acknowledged);
    this.#spillAll();
    this.#forgetRecorder();
    for (const { follower } of this.#followers) follower.ended();
    this.#followers = [];
    this.#spills.flush();
    this.#drops.flush();
  }
}
