import { outlasts } from "../deadline";
import { RunledgerError } from "../errors";
import { FailureLog } from "../failure-log";
import type { RecordingStore } from "../ledger/types";
import type { Logger } from "../logger";
import { toPayload } from "../record/payload";
import { stamp } from "../record/stamp";
import { DAY_MS } from "../record/time";
import type { TelemetryRecord } from "../record/types";
import { announceRecorder, type BeginFollowing, type Follower } from "./following";
import type { TelemetryCloseReport, TelemetryRecorder, TelemetryStats } from "./types";

/**
 * Passes each event directly to an injected store, without a queue, and counts the outcome. No failure of the store
 * reaches the caller. Meant for unit tests; it never closes the store.
 */
export class DirectRecorder implements TelemetryRecorder {
  readonly ready = Promise.resolve();
  readonly #store: RecordingStore;
  readonly #logger: Logger;
  readonly #rejections: FailureLog<"warn">;
  readonly #failures: FailureLog<"error">;
  readonly #pending = new Set<Promise<void>>();
  readonly #counts = { received: 0, written: 0, rejected: 0, failed: 0 };
  readonly #purging: ReturnType<typeof setInterval>;
  readonly #forgetRecorder: () => void;
  readonly #followers = new Map<BeginFollowing, Follower>();
  #state: "open" | "closing" | "closed" = "open";

  constructor(store: RecordingStore, retentionDays: number | false, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
    this.#rejections = new FailureLog(logger, "warn", "executions rejected; each is an incident");
    this.#failures = new FailureLog(logger, "error", "executions not recorded: the store failed");
    const purge = () => {
      if (retentionDays !== false)
        this.#attempt("the purge by retention", () => store.purgeOlderThan(retentionDays));
    };
    purge();
    this.#attempt("the first checkpoint", () => store.checkpoint());
    this.#purging = setInterval(purge, DAY_MS).unref();
    // A store can't be read back, so to a follower it is like a ledger in memory.
    this.#forgetRecorder = announceRecorder({
      dbPath: ":memory:",
      follow: (begin) => void this.#followers.set(begin, begin(Bun.randomUUIDv7(), 0)),
      unfollow: (begin) => void this.#followers.delete(begin),
    });
  }

  record(event: TelemetryRecord): void {
    this.#counts.received += 1;
    let entry = event;
    try {
      this.#assertOpen();
      entry = stamp(event);
      for (const follower of this.#followers.values()) {
        follower.taken(entry, Number.NaN);
        follower.sealed(1);
        follower.sent(1);
      }
      const answer: unknown = this.#store.record(entry);
      // A user's own store may return anything: only success matters.
      if (isThenable(answer)) this.#await(answer, entry);
      else this.#counts.written += 1;
    } catch (error) {
      this.#refused(error, entry);
    }
  }

  async flush(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async purgeOlderThan(days: number): Promise<number> {
    this.#assertOpen();
    return this.#store.purgeOlderThan(days);
  }

  async checkpoint(): Promise<void> {
    this.#assertOpen();
    await this.#store.checkpoint();
  }

  stats(): TelemetryStats {
    const queued = this.#pending.size;
    const noQueue = { duplicates: 0, spilled: 0, dropped: 0, takenIn: 0, restarts: 0 };
    const unknown = { lastError: undefined, lastFlushMs: undefined };
    return { ...this.#counts, ...noQueue, ...unknown, queued, inFlight: queued, state: this.#state };
  }

  async close(timeoutMs: number): Promise<TelemetryCloseReport> {
    this.#state = "closing";
    clearInterval(this.#purging);
    this.#forgetRecorder();
    this.#followers.clear();
    const finished = this.flush().then(() =>
      this.#attempt("the last checkpoint", () => this.#store.checkpoint()),
    );
    const timedOut = await outlasts(finished, timeoutMs);
    this.#state = "closed";
    this.#rejections.flush();
    this.#failures.flush();
    const { written, duplicates, rejected, failed, spilled, dropped, queued } = this.stats();
    const report = { written, duplicates, rejected, failed, spilled, dropped, queued, timedOut };
    if (timedOut) this.#logger.error(report, "telemetry was closed before the store had answered");
    return report;
  }

  #await(answer: PromiseLike<unknown>, entry: TelemetryRecord): void {
    const settled = Promise.resolve(answer).then(
      () => {
        this.#pending.delete(settled);
        this.#counts.written += 1;
      },
      (error: unknown) => {
        this.#pending.delete(settled);
        this.#refused(error, entry);
      },
    );
    this.#pending.add(settled);
  }

  #refused(error: unknown, entry: unknown): void {
    if (!isRejection(error)) {
      this.#counts.failed += 1;
      this.#failures.add({ err: error });
      return;
    }
    this.#counts.rejected += 1;
    this.#rejections.add({ err: error });
    const incident = { kind: "rejected", reason: error.message, payload: toPayload(entry) } as const;
    const keep = (err?: unknown) =>
      this.#logger.error({ err, incident }, "an incident that the store did not keep");
    if (this.#store.recordIncident === undefined) keep();
    else Promise.try(() => this.#store.recordIncident?.(incident)).catch(keep);
  }

  /** Starts immediately, so that a synchronous store has finished when this returns. A failure is logged. */
  async #attempt(what: string, action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (err) {
      this.#logger.warn({ err }, `${what} failed`);
    }
  }

  #assertOpen(): void {
    if (this.#state === "closed") throw new RunledgerError("CLOSED", "The telemetry handle is closed.");
  }
}

/** Whether the record, and not the store, is at fault. */
function isRejection(error: unknown): error is RunledgerError {
  return (
    error instanceof RunledgerError && (error.code === "INVALID_RECORD" || error.code === "BEYOND_RETENTION")
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
