import { PendingBatch } from "./pending-batch";
import { takeInSpill } from "./spill";
import type { SqliteLedger } from "./sqlite-ledger";

const BATCH_SIZE = 512;

/** Brings spilled records into the ledger, batch by batch. */
export class SpillIntake {
  readonly #batches: Generator<readonly string[], void>;
  #current: { readonly batch: PendingBatch; readonly size: number } | undefined;

  constructor(dbPath: string) {
    this.#batches = takeInSpill(dbPath, BATCH_SIZE);
  }

  /**
   * Writes the next batch; when it throws, the same batch is next again.
   *
   * @returns how many records it had; 0 when all is taken in.
   */
  writeNextTo(ledger: SqliteLedger): number {
    this.#current ??= this.#next();
    if (this.#current === undefined) return 0;
    const { batch, size } = this.#current;
    batch.writeTo(ledger);
    this.#current = undefined;
    return size;
  }

  /** Leaves the rest to the next that opens the ledger. */
  stop(): void {
    this.#batches.return();
  }

  #next() {
    const next = this.#batches.next();
    if (next.done === true) return undefined;
    return { batch: new PendingBatch(next.value.map(parse)), size: next.value.length };
  }
}

/** A line that is no JSON, such as one that a full disk cut in the middle, is rejected as the text that it is. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
