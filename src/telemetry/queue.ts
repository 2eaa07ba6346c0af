/** Records that travel together. */
export interface Batch {
  /** A JSON array of records. */
  readonly text: string;
  /** How many records. */
  readonly size: number;
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
  #waiting: Batch[] = [];
  #sent: SentBatch[] = [];
  #waitingSize = 0;
  #sentSize = 0;
  #lastSequence = 0;

  /** Events not acknowledged yet. */
  get size(): number {
    return this.#growing.length + this.#waitingSize + this.#sentSize;
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

  /** Ends the growing batch: it waits to be sent. */
  seal(): void {
    const size = this.#growing.length;
    if (size === 0) return;
    this.#waiting.push({ text: JSON.stringify(this.#growing), size });
    this.#waitingSize += size;
    this.#growing = [];
  }

  /** The oldest batch that waits, which counts as sent from now on. */
  send(): SentBatch | undefined {
    const batch = this.#takeWaiting();
    if (batch === undefined) return undefined;
    this.#lastSequence += 1;
    const sent = { ...batch, sequence: this.#lastSequence };
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
  takeOverflow(maxSize: number): Batch[] {
    const overflow: Batch[] = [];
    while (this.size > maxSize) {
      const batch = this.#takeWaiting();
      if (batch === undefined) break;
      overflow.push(batch);
    }
    return overflow;
  }

  /** Takes out everything, in order. */
  takeAll(): Batch[] {
    this.seal();
    const all = [...this.#sent, ...this.#waiting];
    this.#sent = [];
    this.#waiting = [];
    this.#sentSize = 0;
    this.#waitingSize = 0;
    return all;
  }

  #takeWaiting(): Batch | undefined {
    const batch = this.#waiting.shift();
    this.#waitingSize -= batch?.size ?? 0;
    return batch;
  }
}
