import { PendingBatch } from "./pending-batch";
import { appendToSpill, takeInSpill } from "./spill";
import type { SqliteLedger } from "./sqlite-ledger";

const BATCH_SIZE = 2_048;

/** Brings spilled records into the ledger, batch by batch. */
export class SpillIntake {
  readonly #dbPath: string;
  readonly #batches: Generator<readonly string[], void>;
  #error: unknown;
  #current: { readonly batch: PendingBatch; readonly lines: readonly string[] } | undefined;

  constructor(dbPath: string) {
    this.#dbPath = dbPath;
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
    const { batch, lines } = this.#current;
    batch.writeTo(ledger);
    this.#current = undefined;
    return lines.length;
  }

  /** Why the files could not be read to their end. */
  get error(): unknown {
    return this.#error;
  }

  /** Leaves the rest to the next that opens the ledger: what is in hand, too, as its file may be gone already. */
  stop(): void {
    this.#batches.return();
    if (this.#current !== undefined)
      appendToSpill(this.#dbPath, [Buffer.from(`\n${this.#current.lines.join("\n")}\n`)]);
    this.#current = undefined;
  }

  #read() {
    try {
      return this.#batches.next();
    } catch (error) {
      this.#error = error;
      return undefined;
    }
  }

  #next() {
    const next = this.#read();
    if (next?.done !== false) return undefined;
    return { batch: new PendingBatch(next.value.map(parse)), lines: next.value };
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
