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
 * The events that are received but not acknowledged, in order: batches in flight to the writer, waiting batches, and
 * the open batch. Everything stays here until it is acknowledged or taken out.
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

  /** Events in batches that wait to be sent. */
  get waitingSize(): number {
    return this.#waitingSize;
  }

  /** Batches that wait to be sent. */
  get waitingBatches(): number {
    return this.#waiting.length;
  }

  /** When the most recently pushed event completed, in epoch milliseconds; NaN if it is not a plain record. */
  get lastTimeMs(): number {
    return this.#growing.lastTimeMs;
  }

  /** Events in flight: sent to the writer and not acknowledged. */
  get sentSize(): number {
    return this.#sentSize;
  }

  /** Sequence of the last batch sent; 0 before the first. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The batches in flight, to be sent again to a new writer. */
  get sent(): readonly SentBatch[] {
    return this.#sent;
  }

  /** Adds a copy of an event; returns the size of the open batch. */
  push(event: TelemetryRecord): number {
    this.#growing.push(event);
    return this.#growing.size;
  }

  /**
   * Seals the open batch, which then waits to be sent.
   *
   * @returns how many of its records are lost because their JSON is too long for a string.
   */
  seal(): number {
    const pushed = this.#growing.size;
    // With others ahead of it, it will have to wait, so it is compressed instead of copied.
    const batches = this.#growing.seal<Batch | PackedBatch>(this.#waiting.length > 0 ? pack : copy);
    const size = batches.reduce((total, batch) => total + batch.size, 0);
    this.#waiting.push(...batches);
    this.#waitingSize += size;
    return pushed - size;
  }

  /** Takes the oldest waiting batch, which counts as sent from now on. */
  send(): SentBatch | undefined {
    const batch = this.#takeWaiting();
    if (batch === undefined) return undefined;
    this.#lastSequence += 1;
    const sent = { ...batch, sequence: this.#lastSequence };
    this.#sent.push(sent);
    this.#sentSize += sent.size;
    return sent;
  }

  /** Creates an empty batch that counts as sent: its acknowledgement means that the writer has checked its ledger. */
  sendNothing(): SentBatch {
    this.#lastSequence += 1;
    const sent = { ...EMPTY_BATCH, sequence: this.#lastSequence };
    this.#sent.push(sent);
    return sent;
  }

  /** Drops the batches up to this sequence: they are stored. */
  acknowledge(sequence: number): void {
    const isStored = (batch: SentBatch) => batch.sequence <= sequence;
    while (this.#sent[0] !== undefined && isStored(this.#sent[0])) {
      this.#sentSize -= this.#sent[0].size;
      this.#sent.shift();
    }
  }

  /** Takes out the oldest waiting batches until at most `maxSize` events are left or none waits. */
  takeOverflow(maxSize: number): Batch[] {
    const overflow: Batch[] = [];
    while (this.size > maxSize) {
      const batch = this.#takeWaiting();
      if (batch === undefined) break;
      overflow.push(batch);
    }
    return overflow;
  }

  /** Compresses the waiting batches, because a lagging writer may not get to them for a long time. */
  packWaiting(): void {
    for (let index = this.#waiting.length - 1; index >= 0; index -= 1) {
      const batch = this.#waiting[index];
      // Batches are compressed in order, so all before a compressed one are compressed too.
      if (batch === undefined || "packedText" in batch) return;
      this.#waiting[index] = pack(batch);
    }
  }

  /** Takes out every batch, in order. Seal the open batch first. */
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
