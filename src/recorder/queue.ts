import {
  type Batch,
  BatchEncoder,
  copy,
  EMPTY_BATCH,
  type PackedBatch,
  pack,
  type SentBatch,
  unpack,
} from "../handoff/batch";
import type { TelemetryRecord } from "../record/types";

/**
 * What was received and is not acknowledged yet, in order: the batches that are with the writer, those that wait,
 * and the records of the one that is still growing. Everything stays here until it is acknowledged or taken out.
 */
export class BatchQueue {
  readonly #growing = new BatchEncoder();
  #waiting: (Batch | PackedBatch)[] = [];
  #sent: SentBatch[] = [];
  #waitingSize = 0;
  #sentSize = 0;
  #lastSequence = 0;

  /** Events not acknowledged yet. */
  get size(): number {
    return this.#growing.size + this.#waitingSize + this.#sentSize;
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

  /** Adds an event as it is now; returns how many are in the growing batch. */
  push(event: TelemetryRecord): number {
    this.#growing.push(event);
    return this.#growing.size;
  }

  /**
   * Ends the growing batch: it waits to be sent.
   *
   * @returns how many of its records are lost, because they are too long for a string.
   */
  seal(): number {
    const pushed = this.#growing.size;
    // Behind others it will wait: what has no copy of its own needs no memory.
    const batches = this.#growing.seal<Batch | PackedBatch>(this.#waiting.length > 0 ? pack : copy);
    const size = batches.reduce((total, batch) => total + batch.size, 0);
    this.#waiting.push(...batches);
    this.#waitingSize += size;
    return pushed - size;
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

  /** An empty batch, which counts as sent: when it is acknowledged, the writer has looked after its ledger. */
  sendNothing(): SentBatch {
    this.#lastSequence += 1;
    const sent = { ...EMPTY_BATCH, sequence: this.#lastSequence };
    this.#sent.push(sent);
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

  /** Compresses the batches that wait: a writer that is behind may take long. */
  packWaiting(): void {
    for (let index = this.#waiting.length - 1; index >= 0; index -= 1) {
      const batch = this.#waiting[index];
      // Batches are packed in order: those before a packed one are packed.
      if (batch === undefined || "packedText" in batch) return;
      this.#waiting[index] = pack(batch);
    }
  }

  /** Takes out every batch, in order; what is still growing is to be sealed before. */
  takeAll(): Batch[] {
    const waiting = this.#waiting.map((batch) => ("packedText" in batch ? unpack(batch) : batch));
    const all = [...this.#sent, ...waiting];
    this.#sent = [];
    this.#waiting = [];
    this.#sentSize = 0;
    this.#waitingSize = 0;
    return all;
  }

  #takeWaiting(): Batch | undefined {
    const batch = this.#waiting.shift();
    if (batch === undefined) return undefined;
    this.#waitingSize -= batch.size;
    return "packedText" in batch ? unpack(batch) : batch;
  }
}
