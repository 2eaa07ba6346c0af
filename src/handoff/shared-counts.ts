import type { WriteResult } from "../ledger/types";

/** What became of the records of one batch. */
export interface BatchOutcome extends WriteResult {
  readonly rejected: number;
}

/** The last acknowledged sequence, times two, plus which slot has its counts. */
const PUBLISHED = 0;
const TAKEN_IN = 1;
/** Two slots of cumulative outcomes: the writer fills the one that is not published. */
const SLOTS = [2, 5] as const;
/** 1: a writer is wanted, and none has begun yet. */
const OFFERED = 8;
const WORDS = 9;

/**
 * The writer's acknowledgements, in memory that both threads see: the recorder reads them without a message and
 * without its event loop, and can wait for them while the process exits.
 *
 * A batch's counts and its acknowledgement appear together or not at all, even when the writer is killed in
 * between: counts are written into the hidden slot, and one word says both how far it got and which slot is shown.
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

  /** Before a writer is started: it, or whoever is tired of waiting for it, may claim the writing. */
  offer(): void {
    Atomics.store(this.#words, OFFERED, 1n);
  }

  /** Whether the caller is the first to claim what was offered, and so the one that writes. */
  claim(): boolean {
    return Atomics.compareExchange(this.#words, OFFERED, 1n, 0n) === 1n;
  }

  /** The last batch that is committed, and with it all before it. */
  get acknowledged(): number {
    return Number(Atomics.load(this.#words, PUBLISHED) >> 1n);
  }

  /** Records taken in from spill files so far. */
  get takenIn(): number {
    return Number(Atomics.load(this.#words, TAKEN_IN));
  }

  /** What became of all acknowledged batches together, and which was the last of them. */
  snapshot(): BatchOutcome & { readonly acknowledged: number } {
    for (;;) {
      const published = Atomics.load(this.#words, PUBLISHED);
      const outcome = this.#read(slotOf(published));
      // Had the writer gone on twice meanwhile, it would have been writing into the slot just read.
      if (Atomics.load(this.#words, PUBLISHED) === published) {
        return { ...outcome, acknowledged: Number(published >> 1n) };
      }
    }
  }

  /** For the writer alone: everything up to this batch is committed; `outcome` is of what was not acknowledged yet. */
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

  /** For the writer alone. */
  addTakenIn(records: number): void {
    Atomics.add(this.#words, TAKEN_IN, BigInt(records));
  }

  /** Blocks this thread until the batch is acknowledged or the time is over; says whether it is acknowledged. */
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
