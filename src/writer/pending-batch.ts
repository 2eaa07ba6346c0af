import type { CompiledQuery } from "kysely";
import { messageOf } from "../describe";
import type { BatchOutcome } from "../handoff/shared-counts";
import { toExecutionRow } from "../ledger/row";
import type { NewExecutionRow } from "../ledger/schema";
import { isPoison } from "../ledger/sqlite-errors";
import type { SqliteLedger } from "../ledger/sqlite-ledger";
import { toPayload } from "../record/payload";
import type { Incident, TelemetryRecord } from "../record/types";
import type { Estimator } from "./estimator";

/** What a batch needs besides its values; all optional. */
export interface PendingBatchOptions {
  /** Where each value came from, such as `runs.jsonl:17`. If it is rejected, its reason begins with that. */
  readonly origins?: readonly string[] | undefined;
  /** Whether a rejection needs no incident, for example because one with the same payload exists. */
  readonly needsNoIncident?: ((payload: string, error: unknown) => boolean) | undefined;
  /** Called for each rejected value once the rejection is final. */
  readonly onRejected?: ((reason: string, error: unknown) => void) | undefined;
  /** Fills in costs that nobody reported. */
  readonly estimator?: Estimator | undefined;
  /** Statements to run in the transaction of the last rows. */
  readonly alongside?: readonly CompiledQuery[] | undefined;
  /** Stores records from before the last purge too, although they may have been counted and purged already. */
  readonly acceptsPurged?: boolean | undefined;
}

interface Entry {
  readonly row: NewExecutionRow;
  readonly record: unknown;
  readonly origin: string | undefined;
}

interface Rejection {
  readonly reason: string;
  /** `undefined` if it needs none. */
  readonly incident: Incident | undefined;
  readonly error: unknown;
}

/** How much of a payload is kept if the database refuses the whole one, in UTF-16 code units. */
const SHORT_PAYLOAD = 10_000;

/**
 * A batch on its way into the ledger: validated once, written in one transaction. When the database refuses it, the
 * rows are bisected until the refused one is alone and becomes an incident, while its neighbours are stored. The
 * incidents are then written one by one, so that a refused incident does not affect others.
 */
export class PendingBatch {
  readonly #options: PendingBatchOptions;
  /** Rows that are not in the ledger yet. */
  readonly #parts: Entry[][];
  /** Rejections whose incidents are not in the ledger yet. */
  #rejections: Rejection[] = [];
  /** Whether the database refused something, and the batch is being bisected. */
  #isRefused = false;
  /** Whether everything but the incidents is written. */
  #isWhole = false;
  readonly #outcome = { written: 0, duplicates: 0, rejected: 0 };
  #lastReason: string | undefined;

  constructor(values: readonly unknown[], options: PendingBatchOptions = {}) {
    this.#options = options;
    const entries: Entry[] = [];
    for (const [index, record] of values.entries()) {
      const origin = options.origins?.[index];
      try {
        const row = toExecutionRow(record as TelemetryRecord);
        entries.push({ row: options.estimator?.estimate(row) ?? row, record, origin });
      } catch (error) {
        this.#reject(error, { record, origin });
      }
    }
    // Kept even if it is empty: there may be incidents to write.
    this.#parts = [entries];
  }

  /**
   * Writes what is not written yet. When it throws, call it again later: it continues where it stopped.
   *
   * @throws the error of a ledger that can't be written now.
   */
  writeTo(ledger: SqliteLedger): BatchOutcome {
    for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
      try {
        this.#write(ledger, part);
        this.#parts.shift();
      } catch (error) {
        if (!isPoison(error)) throw error;
        if (this.#isRefused) this.#divide(part, error);
        this.#isRefused = true;
      }
    }
    // If the last part was refused, the statements alongside it have not run yet.
    if (!this.#isWhole) ledger.write([], [], "write", this.#alongside);
    this.#isWhole = true;
    for (let next = this.#rejections[0]; next !== undefined; next = this.#rejections[0]) {
      this.#keep(ledger, next);
      this.#rejections.shift();
      this.#options.onRejected?.(next.reason, next.error);
    }
    return this.#outcome;
  }

  get #alongside(): readonly CompiledQuery[] {
    return [...(this.#options.estimator?.facts ?? []), ...(this.#options.alongside ?? [])];
  }

  /** The reason of the last rejection in this batch. */
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
      return this.#isRefused ? undefined : rejection.incident;
    };
    const { written, duplicates, refused } = ledger.write(
      part.map(({ row }) => row),
      this.#isRefused ? [] : this.#rejections.flatMap(({ incident }) => incident ?? []),
      this.#options.acceptsPurged === true ? "write" : refuse,
      this.#parts.length === 1 ? this.#alongside : [],
    );
    this.#isWhole = this.#parts.length === 1;
    this.#rejections.push(...refusals);
    if (!this.#isRefused) {
      for (const { reason, error } of this.#rejections.splice(0)) this.#options.onRejected?.(reason, error);
    }
    this.#outcome.written += written;
    this.#outcome.duplicates += duplicates;
    this.#outcome.rejected += refused;
  }

  /** Replaces the first part by its two halves; rejects a row that is alone. */
  #divide(part: Entry[], error: unknown): void {
    const [first] = part;
    this.#parts.shift();
    if (part.length > 1) {
      const middle = part.length >> 1;
      this.#parts.unshift(part.slice(0, middle), part.slice(middle));
    } else if (first !== undefined) {
      this.#reject(error, first);
    }
  }

  /** Writes an incident. If the database refuses it, tries again with the payload cut short, then gives it up. */
  #keep(ledger: SqliteLedger, { incident }: Rejection): void {
    if (incident === undefined) return;
    const { payload = "", reason } = incident;
    const short = { ...incident, reason: `${reason} (cut)`, payload: payload.slice(0, SHORT_PAYLOAD) };
    for (const attempt of [incident, short]) {
      try {
        ledger.write([], [attempt], "write");
        return;
      } catch (error) {
        if (!isPoison(error)) throw error;
      }
    }
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
    const isEnough = this.#options.needsNoIncident?.(payload, error) === true;
    return { reason, incident: isEnough ? undefined : { kind: "rejected", reason, payload }, error };
  }
}
