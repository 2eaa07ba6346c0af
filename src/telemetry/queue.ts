/** Records that travel together. */
export interface Batch {
  /** A JSON array of records. */
  readonly text: string;
  /** How many records. */
  readonly size: number;
}

/** A batch that waits long: its text, compressed. */
export interface PackedBatch {
  readonly packed: Uint8Array;
  readonly size: number;
}

function unpack(batch: Batch | PackedBatch): Batch {
  return "packed" in batch ? { text: bytesOf(batch).toString(), size: batch.size } : batch;
}

/** The text of a batch in UTF-8, in memory of its own. */
export function bytesOf(batch: Batch | PackedBatch): Buffer {
  return "packed" in batch ? Bun.zstdDecompressSync(batch.packed) : Buffer.from(batch.text);
}

/** A batch that was handed to the writer; sequences go up one by one. */
export interface SentBatch extends Batch {
  readonly sequence: number;
}

/**
 * What was received and is not acknowledged yet, in order: the batches that are with the writer, those that wait,
 * and the records of the one that is still growing. Everything stays here until it is acknowledged or taken out.
 */
export class BatchQueue {
  #growing: unknown[] = [];
  #waiting: (Batch | PackedBatch)[] = [];
  #sent: SentBatch[] = [];
  #waitingSize = 0;
  #sentSize = 0;
  #lastSequence = 0;

  /** Events not acknowledged yet. */
  get size(): number {
    return this.#growing.length + this.#waitingSize + this.#sentSize;
  }

  /** Those of them in batches that wait to be sent. */
  get waitingSize(): number {
    return this.#waitingSize;
  }

  /** Those of them that are with the writer. */
  get sentSize(): number {
    return this.#sentSize;
  }

  /** Sequence of the batch that was sent last; 0 before the first. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The batches that are with the writer, for a writer that has to start anew. */
  get sent(): readonly SentBatch[] {
    return this.#sent;
  }

  /** Adds a record that is ready for JSON; returns how many are in the growing batch now. */
  push(record: unknown): number {
    return this.#growing.push(record);
  }

  /**
   * Ends the growing batch: it waits to be sent.
   *
   * @returns how many of its records are lost, because they are too long for a string.
   */
  seal(): number {
    const records = this.#growing;
    this.#growing = [];
    return records.length === 0 ? 0 : this.#add(records);
  }

  /** The oldest batch that waits, which counts as sent from now on. */
  send(): SentBatch | undefined {
    const batch = this.#takeWaiting();
    if (batch === undefined) return undefined;
    this.#lastSequence += 1;
    const sent = { ...unpack(batch), sequence: this.#lastSequence };
    this.#sent.push(sent);
    this.#sentSize += sent.size;
    return sent;
  }

  /** Forgets the batches up to this sequence: they are stored. */
  acknowledge(sequence: number): void {
    const isStored = (batch: SentBatch) => batch.sequence <= sequence;
    while (this.#sent[0] !== undefined && isStored(this.#sent[0])) {
      this.#sentSize -= this.#sent[0].size;
      this.#sent.shift();
    }
  }

  /** Takes out the oldest waiting batches until no more than `maxSize` events are left, or none waits. */
  takeOverflow(maxSize: number): (Batch | PackedBatch)[] {
    const overflow: (Batch | PackedBatch)[] = [];
    while (this.size > maxSize) {
      const batch = this.#takeWaiting();
      if (batch === undefined) break;
      overflow.push(batch);
    }
    return overflow;
  }

  /**
   * Compresses the batches that wait, about tenfold: a writer that is behind may take long, and strings that live
   * long are what makes a heap grow to a multiple of them.
   */
  packWaiting(): void {
    for (let index = this.#waiting.length - 1; index >= 0; index -= 1) {
      const batch = this.#waiting[index];
      // Batches are packed in order: those before a packed one are packed.
      if (batch === undefined || "packed" in batch) return;
      this.#waiting[index] = { packed: Bun.zstdCompressSync(batch.text, { level: 1 }), size: batch.size };
    }
  }

  /** Takes out everything, in order. */
  takeAll(): (Batch | PackedBatch)[] {
    this.seal();
    const all = [...this.#sent, ...this.#waiting];
    this.#sent = [];
    this.#waiting = [];
    this.#sentSize = 0;
    this.#waitingSize = 0;
    return all;
  }

  #add(records: readonly unknown[]): number {
    try {
      this.#waiting.push({ text: JSON.stringify(records), size: records.length });
      this.#waitingSize += records.length;
      return 0;
    } catch {
      const middle = records.length >> 1;
      return middle === 0 ? 1 : this.#add(records.slice(0, middle)) + this.#add(records.slice(middle));
    }
  }

  #takeWaiting(): Batch | PackedBatch | undefined {
    const batch = this.#waiting.shift();
    if (batch === undefined) return undefined;
    this.#waitingSize -= batch.size;
    return batch;
  }
}
