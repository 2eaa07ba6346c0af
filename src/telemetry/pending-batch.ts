import { messageOf } from "../describe";
import { toPayload } from "./payload";
import { toExecutionRow } from "./record";
import type { NewExecutionRow } from "./schema";
import type { BatchOutcome } from "./shared-counts";
import { isPoison } from "./sqlite-errors";
import type { SqliteLedger } from "./sqlite-ledger";
import type { Incident, TelemetryRecord } from "./types";

interface Entry {
  readonly row: NewExecutionRow;
  readonly record: unknown;
}

/**
 * A batch on its way into the ledger: validated once, written in one transaction. When the database refuses a
 * row, the batch is halved until that row stands alone and becomes an incident; its neighbours are stored.
 */
export class PendingBatch {
  readonly #parts: Entry[][];
  #incidents: Incident[] = [];
  readonly #outcome = { written: 0, duplicates: 0, rejected: 0 };
  #lastReason: string | undefined;

  constructor(values: readonly unknown[]) {
    const entries: Entry[] = [];
    for (const record of values) {
      try {
        entries.push({ row: toExecutionRow(record as TelemetryRecord), record });
      } catch (error) {
        this.#reject(error, record);
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
    const rows = part.map(({ row }) => row);
    const { written, duplicates, refused } = ledger.write(rows, this.#incidents, (row, error) =>
      this.#rejection(error, part.find((entry) => entry.row === row)?.record),
    );
    this.#incidents = [];
    this.#outcome.written += written;
    this.#outcome.duplicates += duplicates;
    this.#outcome.rejected += refused;
  }

  #divide(part: Entry[], error: unknown): Entry[][] {
    const [first] = part;
    if (first === undefined) {
      // It is the incidents that the database refuses. They are counted, and their reason is logged.
      this.#incidents = [];
      return [];
    }
    if (part.length > 1) {
      const middle = part.length >> 1;
      return [part.slice(0, middle), part.slice(middle)];
    }
    this.#reject(error, first.record);
    return this.#parts.length > 1 ? [] : [[]];
  }

  #reject(error: unknown, record: unknown): void {
    this.#incidents.push(this.#rejection(error, record));
    this.#outcome.rejected += 1;
  }

  #rejection(error: unknown, record: unknown): Incident {
    this.#lastReason = messageOf(error);
    const payload = typeof record === "string" ? record : toPayload(record);
    return { kind: "rejected", reason: this.#lastReason, payload };
  }
}
