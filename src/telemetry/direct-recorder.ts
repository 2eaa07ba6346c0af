import { RunledgerError } from "../errors";
import type { Logger } from "../logger";
import { FailureLog } from "./failure-log";
import { toPayload } from "./payload";
import { stamp } from "./stamp";
import type { RecordingStore, TelemetryRecord, TelemetryStats, WriteResult } from "./types";

/** Hands one record to a store. */
export type Write = (entry: TelemetryRecord) => WriteResult | Promise<WriteResult>;

/**
 * Hands each event to the store as it comes, without a queue, and accounts for what became of it. Nothing that
 * the store does reaches the caller.
 */
export class DirectRecorder {
  readonly #write: Write;
  readonly #recordIncident: RecordingStore["recordIncident"];
  readonly #logger: Logger;
  readonly #rejections: FailureLog;
  readonly #failures: FailureLog;
  readonly #pending = new Set<Promise<void>>();
  readonly #counts = { received: 0, written: 0, duplicates: 0, rejected: 0, failed: 0 };

  constructor(write: Write, recordIncident: RecordingStore["recordIncident"], logger: Logger) {
    this.#write = write;
    this.#recordIncident = recordIncident;
    this.#logger = logger;
    this.#rejections = new FailureLog(logger, "warn", "executions rejected; the table incidents keeps them");
    this.#failures = new FailureLog(logger, "error", "executions not recorded: the store failed");
  }

  /** Never throws. */
  record(event: TelemetryRecord): void {
    this.#counts.received += 1;
    let entry = event;
    try {
      entry = stamp(event);
      const answer = this.#write(entry);
      if (answer instanceof Promise) this.#settle(answer, entry);
      else this.#stored(answer);
    } catch (error) {
      this.#refused(error, entry);
    }
  }

  /** Resolves when everything received before the call is stored or refused. Never rejects. */
  async flush(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** As `flush`, and logs what was held back. */
  async close(): Promise<void> {
    await this.flush();
    this.#rejections.flush();
    this.#failures.flush();
  }

  get counts(): Omit<TelemetryStats, "state"> {
    return { ...this.#counts, queued: this.#pending.size };
  }

  #settle(answer: Promise<WriteResult>, entry: TelemetryRecord): void {
    const settled = answer
      .then(
        (result) => this.#stored(result),
        (error: unknown) => this.#refused(error, entry),
      )
      .finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }

  #stored({ written, duplicates }: WriteResult): void {
    this.#counts.written += written;
    this.#counts.duplicates += duplicates;
  }

  #refused(error: unknown, entry: unknown): void {
    if (!isRejection(error)) {
      this.#counts.failed += 1;
      this.#failures.add(error);
      return;
    }
    this.#counts.rejected += 1;
    this.#rejections.add(error);
    const incident = { kind: "rejected", reason: error.message, payload: toPayload(entry) } as const;
    Promise.try(() => this.#recordIncident?.(incident)).catch((err: unknown) => {
      this.#logger.error({ err, incident }, "an incident could not be kept in the ledger");
    });
  }
}

/** Whether the store is well and the record is at fault. */
function isRejection(error: unknown): error is RunledgerError {
  return (
    error instanceof RunledgerError && (error.code === "INVALID_RECORD" || error.code === "BEYOND_RETENTION")
  );
}
