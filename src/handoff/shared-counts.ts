import type { WriteResult } from "../ledger/types";

/** The outcome of one batch, in records. */
export interface BatchOutcome extends WriteResult {
  readonly rejected: number;
}

/** The last acknowledged sequence, times two, plus which slot has its counts. */
const PUBLISHED = 0;
const TAKEN_IN = 1;
/** Two slots of cumulative outcomes: the writer fills the one that is not published. */
const SLOTS = [2, 5] as const;
/** 1: a writer was requested and none has started yet. */
const OFFERED = 8;
/** How long the last transaction took, in microseconds; 0 before the first. */
const FLUSH_TIME = 9;
const WORDS = 10;

/**
 * The writer's acknowledgements, in memory shared by both threads. The recorder reads them without a message and
 * without its event loop, and can block on them while the process exits.
 *
 * A batch's counts and its acknowledgement appear together or not at all, even when the writer is killed in between:
 * counts are written into the hidden slot, and one word says both how far it got and which slot is published.
 */
export class SharedCounts {
  readonly buffer: SharedArrayBuffer;
  readonly #words: BigInt64Array;
  /** Changes with every acknowledgement; `Atomics.wait` takes 32 bits. */
  readonly #signal: Int32Array;

  constructor(buffer = new SharedArrayBuffer(WORDS * 8 + 8)) {
    this.buffer = buffer;
    this.#words = new BigInt64Array(buffer, 0, WORDS);
    this.#signal = new Int32Array(buffer, WORDS * 8, 2);
  }

  /**
   * Called before a writer is started. Then either the writer, or whoever gives up waiting for it, may claim the
   * writing.
   */
  offer(): void {
    Atomics.store(this.#words, OFFERED, 1n);
  }

  /** Whether the caller is the first to claim the offer, and therefore the one that writes. */
  claim(): boolean {
    return Atomics.compareExchange(this.#words, OFFERED, 1n, 0n) === 1n;
  }

  /** The sequence up to which all batches are committed. */
  get acknowledged(): number {
    return Number(Atomics.load(this.#words, PUBLISHED) >> 1n);
  }

  /** Records drained from spill files so far. */
  get takenIn(): number {
    return Number(Atomics.load(this.#words, TAKEN_IN));
  }

  /** How long writing the last batches took, in milliseconds; `undefined` before the first. */
  get lastFlushMs(): number | undefined {
    const us = Number(Atomics.load(this.#words, FLUSH_TIME));
    return us === 0 ? undefined : us / 1_000;
  }

  /** The total outcome of all acknowledged batches, and the sequence of the last of them. */
  snapshot(): BatchOutcome & { readonly acknowledged: number } {
    for (;;) {
      const published = Atomics.load(this.#words, PUBLISHED);
      const outcome = this.#read(slotOf(published));
      // If the writer has published twice meanwhile, it may have overwritten the slot just read: read again.
      if (Atomics.load(this.#words, PUBLISHED) === published) {
        return { ...outcome, acknowledged: Number(published >> 1n) };
      }
    }
  }

  /** For the writer only: everything up to this batch is committed. `outcome` covers what was not acknowledged yet. */
  acknowledge(sequence: number, { written, duplicates, rejected }: BatchOutcome): void {
    const before = this.snapshot();
    const hidden = (Atomics.load(this.#words, PUBLISHED) & 1n) ^ 1n;
    const slot = slotOf(hidden);
    Atomics.store(this.#words, slot, BigInt(before.written + written));
    Atomics.store(this.#words, slot + 1, BigInt(before.duplicates + duplicates));
    Atomics.store(this.#words, slot + 2, BigInt(before.rejected + rejected));
    Atomics.store(this.#words, PUBLISHED, (BigInt(sequence) << 1n) | hidden);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  /** For the writer only. */
  setFlushTime(ms: number): void {
    Atomics.store(this.#words, FLUSH_TIME, BigInt(Math.max(1, Math.round(ms * 1_000))));
  }

  /** For the writer only. */
  addTakenIn(records: number): void {
    Atomics.add(this.#words, TAKEN_IN, BigInt(records));
  }

  /** Blocks this thread until the batch is acknowledged or the time is up; returns whether it is acknowledged. */
  waitFor(sequence: number, timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const seen = Atomics.load(this.#signal, 0);
      if (this.acknowledged >= sequence) return true;
      const remainingMs = deadline - performance.now();
      if (remainingMs <= 0) return false;
      Atomics.wait(this.#signal, 0, seen, remainingMs);
    }
  }

  #read(slot: number): BatchOutcome {
    const at = (offset: number) => Number(Atomics.load(this.#words, slot + offset));
    return { written: at(0), duplicates: at(1), rejected: at(2) };
  }
}

function slotOf(published: bigint): number {
  return SLOTS[Number(published & 1n) as 0 | 1];
}
