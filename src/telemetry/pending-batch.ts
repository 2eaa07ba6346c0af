import { messageOf } from "../describe";
import { toPayload } from "./payload";
import { toExecutionRow } from "./record";
import type { NewExecutionRow } from "./schema";
import type { BatchOutcome } from "./shared-counts";
import { isPoison } from "./sqlite-errors";
import type { SqliteLedger } from "./sqlite-ledger";
import type { Incident, TelemetryRecord } from "./types";

/** How a batch differs from one of an application's events. */
export interface PendingBatchOptions {
  /** Where each value is from, such as `runs.jsonl:17`: the reason of its rejection begins with it. */
  readonly origins?: readonly string[] | undefined;
  /** Whether an incident with this payload is in the ledger already: it is not written again. */
  readonly isKept?: ((payload: string) => boolean) | undefined;
  /** Called for each value that was rejected, once that is certain. */
  readonly onRejected?: ((reason: string, error: unknown) => void) | undefined;
  /** Stores what completed before the last purge too, although it may have been counted and purged already. */
  readonly acceptsPurged?: boolean | undefined;
}

interface Entry {
  readonly row: NewExecutionRow;
  readonly record: unknown;
  readonly origin: string | undefined;
}

interface Rejection {
  readonly reason: string;
  /** What is to be kept of it. */
  readonly incident: Incident | undefined;
  readonly error: unknown;
}

/**
 * A batch on its way into the ledger: validated once, written in one transaction. When the database refuses a
 * row, the batch is halved until that row stands alone and becomes an incident; its neighbours are stored.
 */
export class PendingBatch {
  readonly #options: PendingBatchOptions;
  readonly #parts: Entry[][];
  #rejections: Rejection[] = [];
  readonly #outcome = { written: 0, duplicates: 0, rejected: 0 };
  #lastReason: string | undefined;

  constructor(values: readonly unknown[], options: PendingBatchOptions = {}) {
    this.#options = options;
    const entries: Entry[] = [];
    for (const [index, record] of values.entries()) {
      const origin = options.origins?.[index];
      try {
        entries.push({ row: toExecutionRow(record as TelemetryRecord), record, origin });
      } catch (error) {
        this.#reject(error, { record, origin });
      }
    }
    // A batch without a valid record still has its incidents to write.
    this.#parts = [entries];
  }

  /**
   * Writes what is not written yet. When it throws, call it again later: it goes on where it was.
   *
   * @throws the error of a ledger that can't be written at the moment.
   */
  writeTo(ledger: SqliteLedger): BatchOutcome {
    for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
      try {
        this.#write(ledger, part);
        this.#parts.shift();
      } catch (error) {
        if (!isPoison(error)) throw error;
        this.#parts.splice(0, 1, ...this.#divide(part, error));
      }
    }
    return this.#outcome;
  }

  /** Why a record of this batch was rejected, the last time that one was. */
  get lastReason(): string | undefined {
    return this.#lastReason;
  }

  #write(ledger: SqliteLedger, part: readonly Entry[]): void {
    const refusals: Rejection[] = [];
    const refuse = (row: NewExecutionRow, error: unknown): Incident | undefined => {
      const rejection = this.#rejection(
        error,
        part.find((entry) => entry.row === row),
      );
      refusals.push(rejection);
      return rejection.incident;
    };
    const { written, duplicates, refused } = ledger.write(
      part.map(({ row }) => row),
      this.#rejections.flatMap(({ incident }) => incident ?? []),
      this.#options.acceptsPurged === true ? "write" : refuse,
    );
    for (const { reason, error } of [...this.#rejections, ...refusals]) {
      this.#options.onRejected?.(reason, error);
    }
    this.#rejections = [];
    this.#outcome.written += written;
    this.#outcome.duplicates += duplicates;
    this.#outcome.rejected += refused;
  }

  #divide(part: Entry[], error: unknown): Entry[][] {
    const [first] = part;
    if (first === undefined) {
      // It is the incidents that the database refuses. They are counted, and their reason is logged.
      this.#rejections = [];
      return [];
    }
    if (part.length > 1) {
      const middle = part.length >> 1;
      return [part.slice(0, middle), part.slice(middle)];
    }
    this.#reject(error, first);
    return this.#parts.length > 1 ? [] : [[]];
  }

  #reject(error: unknown, entry: Pick<Entry, "record" | "origin">): void {
    this.#rejections.push(this.#rejection(error, entry));
    this.#outcome.rejected += 1;
  }

  #rejection(error: unknown, entry: Pick<Entry, "record" | "origin"> | undefined): Rejection {
    const message = messageOf(error);
    const reason = entry?.origin === undefined ? message : `${entry.origin}: ${message}`;
    this.#lastReason = reason;
    const record = entry?.record;
    const payload = typeof record === "string" ? record : toPayload(record);
    const isKept = this.#options.isKept?.(payload) === true;
    return { reason, incident: isKept ? undefined : { kind: "rejected", reason, payload }, error };
  }
}
