import { hasSpill, takeInSpill } from "../handoff/spill";
import type { SqliteLedger } from "../ledger/sqlite-ledger";
import type { Estimator } from "./estimator";
import { PendingBatch } from "./pending-batch";

const BATCH_SIZE = 512;

interface SpilledBatch {
  readonly batch: PendingBatch;
  readonly size: number;
}

/** Drains spill files into the ledger, batch by batch. */
export class SpillIntake {
  readonly #dbPath: string;
  readonly #estimator: Estimator | undefined;
  readonly #onUnreadable: (error: unknown) => void;
  #batches: Generator<readonly string[], void> | undefined;
  #current: SpilledBatch | undefined;
  /**
   * A spill file that can't be read is not retried by this process; the next one that opens the ledger will retry it.
   */
  #isUnreadable = false;

  constructor(dbPath: string, onUnreadable: (error: unknown) => void, estimator?: Estimator) {
    this.#dbPath = dbPath;
    this.#estimator = estimator;
    this.#onUnreadable = onUnreadable;
  }

  /** Whether there was something to drain at the last check. */
  get isWaiting(): boolean {
    return this.#batches !== undefined;
  }

  /** Looks for spill files. */
  look(): void {
    if (this.#dbPath === ":memory:" || this.#isUnreadable) return;
    try {
      if (hasSpill(this.#dbPath)) this.#batches ??= takeInSpill(this.#dbPath, BATCH_SIZE);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /**
   * Writes the next batch. When it throws, the same batch is written by the next call.
   *
   * @returns how many records it had.
   */
  writeNextTo(ledger: SqliteLedger): number {
    this.#current ??= this.#next();
    if (this.#current !== undefined) {
      const { batch, size } = this.#current;
      batch.writeTo(ledger);
      this.#current = undefined;
      return size;
    }
    this.#batches = undefined;
    // What was spilled in the meantime is in a new file.
    this.look();
    return 0;
  }

  /**
   * Leaves the rest, including the current batch, to the next process that opens the ledger.
   *
   * @throws the file system's error if the current batch is no longer in any file and can't be spilled again.
   */
  stop(): void {
    this.#current = undefined;
    this.#batches?.return();
  }

  #next(): SpilledBatch | undefined {
    try {
      const next = this.#batches?.next();
      if (next?.done !== false) return undefined;
      const batch = new PendingBatch(next.value.map(parse), { estimator: this.#estimator });
      return { batch, size: next.value.length };
    } catch (error) {
      this.#giveUp(error);
      return undefined;
    }
  }

  #giveUp(error: unknown): void {
    this.#isUnreadable = true;
    this.#onUnreadable(error);
  }
}

/** A line that is not JSON, such as one cut short by a full disk, is rejected as text. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
