import type { CompiledQuery } from "kysely";
import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { FailureLog } from "../failure-log";
import { recordsOf } from "../handoff/batch";
import type { FromWriter, PlainError, ToWriter, WriterOptions } from "../handoff/protocol";
import type { SharedCounts } from "../handoff/shared-counts";
import { heldBackAfterPurge } from "../ledger/held-back";
import { isLasting, isPoison, toStoreFailure } from "../ledger/sqlite-errors";
import type { SqliteLedger } from "../ledger/sqlite-ledger";
import { forgetOldNotes, noteWritten } from "../ledger/statements";
import type { Incident } from "../record/types";
import { Estimator } from "./estimator";
import { GuardedLedger } from "./guarded-ledger";
import { Maintenance, type OnPurged } from "./maintenance";
import { PendingBatch } from "./pending-batch";
import { SpillIntake } from "./spill-intake";

/** How often an idle writer checks that its file is still the same, in milliseconds. */
const LOOK_EVERY_MS = 500;
const FIRST_RETRY_MS = 20;
const LONGEST_RETRY_MS = 5_000;
/**
 * If a checkpoint leaves more pages than this uncopied, some reader's transaction has been open too long: worth a
 * warning.
 */
const STARVED_PAGES = (64 << 20) / 4096;

/** One turn in this many goes to maintenance even while batches wait. */
const MAINTENANCE_TURN = 8;

/** How long `close` continues unfinished maintenance, in milliseconds. */
const CLOSING_MAINTENANCE_MS = 1_000;

/** Batches that go into one transaction. */
interface Group {
  readonly batch: PendingBatch;
  /** The sequence of the last of them. */
  readonly sequence: number;
  /** The number of inbox messages that they came in. */
  readonly messages: number;
}

/**
 * Owns the only writing connection. Handles batches and requests in order, one piece of work per turn, so that its
 * thread (or, inline, the host) is never blocked for longer than one transaction. What can't be written now is kept and
 * retried.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #counts: SharedCounts;
  readonly #send: (message: FromWriter) => void;
  readonly #inbox: Exclude<ToWriter, { type: "closing" | "noteProgress" }>[] = [];
  readonly #ledger: GuardedLedger;
  readonly #maintenance: Maintenance;
  readonly #estimator: Estimator | undefined;
  readonly #spill: SpillIntake;
  readonly #rejections: FailureLog<"warn">;
  /** The partly written head of the inbox. */
  #group: Group | undefined;
  /** Flushes that wait for the spill file to be drained. */
  readonly #flushes: number[] = [];
  #state: "opening" | "open" | "degraded" | "closed" = "opening";
  #timer: ReturnType<typeof setTimeout> | ReturnType<typeof setImmediate> | undefined;
  readonly #looking: ReturnType<typeof setInterval>;
  #isWorking = false;
  #turns = 0;
  #failures = 0;
  #isStarved = false;
  #isClosing = false;
  /** The name under which progress is noted in the ledger; `undefined` if nobody follows the recorder. */
  #progressName: string | undefined;
  #hasNoted = false;

  constructor(options: WriterOptions, counts: SharedCounts, send: (message: FromWriter) => void) {
    this.#options = options;
    this.#counts = counts;
    this.#send = send;
    this.#ledger = new GuardedLedger(options.dbPath, options, {
      onOpened: () => {
        this.#maintenance.keepRetention();
        this.#spill.look();
      },
      onChanged: (reason) => this.#warn(reason),
    });
    this.#maintenance = new Maintenance({
      retentionDays: options.retentionDays,
      ledger: () => this.#ledger.ensureOpen(),
      checkpoint: () => this.#checkpoint(this.#ledger.ensureOpen()),
      schedule: () => this.#schedule(),
      onFailure: (error) => this.#warn(`maintenance failed and will be retried: ${messageOf(error)}`),
      onPurged: (cutoff) => this.#reportHeldBack(cutoff),
    });
    this.#estimator =
      options.estimateCost && new Estimator(options.estimateCost, (reason) => this.#warn(reason));
    this.#spill = new SpillIntake(
      options.dbPath,
      (error) => this.#warn(`a spill file can't be read, and is left as it is: ${messageOf(error)}`),
      this.#estimator,
    );
    this.#rejections = new FailureLog(
      { warn: (bindings, message) => send({ type: "log", level: "warn", bindings, message }) },
      "warn",
      "executions rejected; each is an incident",
    );
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    this.#schedule();
  }

  handle(message: ToWriter): void {
    if (this.#state === "closed") return;
    // While the ledger can't be written there may be millions of these, and checking once is enough.
    if (message.type === "spilled" && this.#inbox.at(-1)?.type === "spilled") return;
    if (message.type === "noteProgress") this.#progressName = message.as;
    else if (message.type === "closing") this.#tryNow();
    else this.#inbox.push(message);
    this.#schedule();
  }

  /** Works without the event loop until the inbox is empty or the time is up. Used while the process exits. */
  drain(timeoutMs: number): void {
    const deadline = performance.now() + timeoutMs;
    while (this.#inbox.length > 0 && performance.now() < deadline) {
      if (this.#turn() === "failed") Bun.sleepSync(FIRST_RETRY_MS);
    }
  }

  /** Closes without finishing what is queued. Never throws. */
  stop(): void {
    try {
      if (this.#ledger.isUnchanged()) this.#close(0);
    } catch (error) {
      this.#warn(`the ledger was closed without a last checkpoint: ${messageOf(error)}`);
    }
    this.#state = "closed";
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#maintenance.stop(CLOSED);
    this.#ledger.abandon();
  }

  /** Schedules a turn, which first checks that the file is still the same. */
  #look(): void {
    if (this.#state === "closed") clearInterval(this.#looking);
    else this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isWorking || this.#state === "closed") return;
    this.#timer = setImmediate(() => this.#run());
  }

  #run(): void {
    // A turn that is already scheduled can't be cancelled.
    if (this.#state === "closed") return;
    this.#isWorking = true;
    const result = this.#turn();
    this.#isWorking = false;
    this.#timer = undefined;
    if (result === "more") this.#schedule();
    if (result === "failed") this.#timer = setTimeout(() => this.#run(), this.#retryDelayMs()).unref();
  }

  /** The recorder is waiting to close: retry now, regardless of the backoff. */
  #tryNow(): void {
    this.#isClosing = true;
    if (this.#isWorking) return;
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    clearImmediate(this.#timer as ReturnType<typeof setImmediate>);
    this.#timer = undefined;
  }

  /** Exponential backoff with jitter, so that several processes don't collide again. */
  #retryDelayMs(): number {
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 16));
    return longest * (0.5 + Math.random() / 2);
  }

  #turn(): "more" | "idle" | "failed" {
    try {
      const didWork = this.#work(this.#ledger.ensureOpen());
      this.#failures = 0;
      this.#changeState("open");
      return didWork ? "more" : "idle";
    } catch (error) {
      if (this.#givesUp(error)) return "idle";
      this.#failures += 1;
      this.#changeState("degraded", toStoreFailure("write to the ledger", error));
      return "failed";
    }
  }

  /**
   * At `close`, a ledger that can't be opened is not retried if there is nothing left to write or retrying would not
   * help. What is left goes to the spill file.
   */
  #givesUp(error: unknown): boolean {
    if (this.#ledger.isOpen) return false;
    const requests = this.#inbox.flatMap((message) => (message.type === "request" ? [message] : []));
    const isLast = requests.some(({ request }) => request.kind === "close");
    const isIdle = isLast && !this.#inbox.some(({ type }) => type === "batch");
    if (!isIdle && !(this.#isClosing && isLasting(error))) return false;
    if (!isIdle) this.#changeState("degraded", error);
    this.#state = "closed";
    for (const { id, request } of requests) {
      const isUndone = request.kind === "purge" || request.kind === "checkpoint";
      this.#send({ type: "reply", id, ...(isUndone && { error: plain(CLOSED) }) });
    }
    this.#send({ type: "gaveUp" });
    return true;
  }

  /** Does one piece of work; returns `false` when there is none. */
  #work(ledger: SqliteLedger): boolean {
    this.#turns += 1;
    const message = this.#inbox[0];
    const isMaintenanceTurn = message === undefined || this.#turns % MAINTENANCE_TURN === 0;
    if (isMaintenanceTurn && (this.#takeInSpill(ledger) || this.#maintenance.step())) return true;
    if (message === undefined) return false;
    if (message.type === "batch") this.#writeBatches(ledger);
    else this.#serve(message, ledger);
    return true;
  }

  /**
   * Writes the batches at the head of the inbox in one transaction (group commit): the more there are, the less each
   * row costs.
   */
  #writeBatches(ledger: SqliteLedger): void {
    this.#group ??= this.#gatherGroup();
    const { batch, sequence, messages } = this.#group;
    const startMs = performance.now();
    const outcome = batch.writeTo(ledger);
    this.#counts.setFlushTime(performance.now() - startMs);
    this.#counts.acknowledge(sequence, outcome);
    this.#group = undefined;
    this.#inbox.splice(0, messages);
    if (outcome.rejected > 0) this.#rejections.add({ reason: batch.lastReason }, outcome.rejected);
    this.#checkpointWhenDue(ledger, this.#inbox.length > 0);
  }

  #gatherGroup(): Group {
    const batches: unknown[][] = [];
    let size = 0;
    let sequence = 0;
    for (const message of this.#inbox) {
      if (message.type !== "batch") break;
      if (batches.length > 0 && size + message.size > this.#options.maxTransactionSize) break;
      batches.push(recordsOf(message));
      size += message.size;
      sequence = message.sequence;
    }
    return {
      batch: new PendingBatch(batches.flat(), {
        estimator: this.#estimator,
        alongside: this.#progressAt(sequence),
      }),
      sequence,
      messages: batches.length,
    };
  }

  #progressAt(sequence: number): readonly CompiledQuery[] {
    const name = this.#progressName;
    if (name === undefined) return [];
    const nowMs = Date.now();
    const first = this.#hasNoted ? [] : [forgetOldNotes(nowMs)];
    this.#hasNoted = true;
    return [...first, noteWritten(name, sequence, nowMs)];
  }

  #serve(message: Extract<ToWriter, { type: "request" | "spilled" }>, ledger: SqliteLedger): void {
    if (message.type === "spilled") this.#spill.look();
    else this.#answer(message, ledger);
    this.#inbox.shift();
  }

  #answer({ id, request }: Extract<ToWriter, { type: "request" }>, ledger: SqliteLedger): void {
    switch (request.kind) {
      case "flush":
        if (this.#spill.isWaiting) this.#flushes.push(id);
        else this.#send({ type: "reply", id });
        return;
      case "checkpoint":
        this.#checkpoint(ledger);
        this.#send({ type: "reply", id });
        return;
      case "purge":
        this.#maintenance.purge(request.days, (result) => this.#replyPurged(id, result));
        return;
      case "incident":
        this.#recordIncident(request.incident, ledger);
        this.#send({ type: "reply", id });
        return;
      case "close":
        this.#close(Math.min(CLOSING_MAINTENANCE_MS, request.timeoutMs / 2));
        this.#send({ type: "reply", id });
        return;
    }
    request satisfies never;
  }

  #replyPurged(id: number, result: Parameters<OnPurged>[0]): void {
    if ("purged" in result) this.#send({ type: "reply", id, value: result.purged });
    else this.#send({ type: "reply", id, error: plain(result.error) });
  }

  #recordIncident(incident: Incident, ledger: SqliteLedger): void {
    try {
      ledger.recordIncident(incident);
    } catch (error) {
      if (!isPoison(error)) throw error;
      this.#warn(`an incident was refused by the database: ${incident.reason}`);
    }
  }

  /** Drains one batch of the spill file; returns `false` when there is none. */
  #takeInSpill(ledger: SqliteLedger): boolean {
    if (!this.#spill.isWaiting) return false;
    this.#counts.addTakenIn(this.#spill.writeNextTo(ledger));
    this.#checkpointWhenDue(ledger, true);
    if (!this.#spill.isWaiting) this.#answerFlushes();
    return true;
  }

  #answerFlushes(): void {
    for (const id of this.#flushes.splice(0)) this.#send({ type: "reply", id });
  }

  #checkpointWhenDue(ledger: SqliteLedger, isBusy: boolean): void {
    if (!ledger.isCheckpointDue(isBusy)) return;
    try {
      this.#checkpoint(ledger);
    } catch (error) {
      // Not a failure of the batches: they are committed.
      this.#warn(`a checkpoint failed and will be retried: ${messageOf(error)}`);
    }
  }

  #checkpoint(ledger: SqliteLedger): void {
    const isStarved = ledger.checkpoint() > STARVED_PAGES;
    const isNews = isStarved && !this.#isStarved;
    this.#isStarved = isStarved;
    if (isNews) {
      const reason =
        "Checkpoints are held up by a long read on another connection: the -wal file has grown beyond 64 MiB. " +
        "End its transaction; readers should open, query and finish.";
      this.#warn(reason);
      ledger.recordIncident({ kind: "degraded", reason });
    }
  }

  #close(maintenanceMs: number): void {
    // In a short-lived process this may be the only chance to apply the retention.
    const deadline = performance.now() + maintenanceMs;
    while (performance.now() < deadline && this.#maintenance.step());
    this.#state = "closed";
    this.#rejections.flush();
    this.#leaveSpill();
    const error = this.#ledger.close();
    if (error !== undefined) this.#warn(`the last checkpoint failed: ${messageOf(error)}`);
    this.#answerFlushes();
    this.#maintenance.stop(CLOSED);
  }

  #leaveSpill(): void {
    try {
      this.#spill.stop();
    } catch (error) {
      this.#warn(`spilled records that were being drained could not be put back: ${messageOf(error)}`);
    }
  }

  #changeState(state: "open" | "degraded", error?: unknown): void {
    if (state === this.#state || this.#state === "closed") return;
    this.#state = state;
    this.#send({ type: "state", state, ...(error !== undefined && { error: plain(error) }) });
  }

  #reportHeldBack(cutoff: string): void {
    const { connection } = this.#ledger.ensureOpen();
    for (const kept of heldBackAfterPurge(connection, cutoff, this.#options.dbPath)) this.#warn(kept);
  }

  #warn(message: string): void {
    this.#send({ type: "log", level: "warn", bindings: { dbPath: this.#options.dbPath }, message });
  }
}

const CLOSED = new RunledgerError("CLOSED", "The telemetry handle is closed.");

function plain(error: unknown): PlainError {
  return error instanceof RunledgerError
    ? { code: error.code, message: error.message }
    : { code: "STORE_FAILED", message: messageOf(error) };
}
