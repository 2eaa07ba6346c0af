import type { ForwardCounts } from "./forward-session";

/** What was forwarded, and what is left. */
export interface ForwardReport extends ForwardCounts {
  /** How many executions are in the ledger and not on the target. */
  readonly behind: number;
}

const FIELDS = [
  "forwarded",
  "duplicates",
  "rejected",
  "incidents",
  "behind",
] as const satisfies readonly (keyof ForwardReport)[];

/** Counts what is forwarded, in memory shared by two threads: no messages are needed. */
export class ForwardTally {
  readonly buffer: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  constructor(buffer = new SharedArrayBuffer(FIELDS.length * 8)) {
    this.buffer = buffer;
    this.#words = new BigInt64Array(buffer);
  }

  get report(): ForwardReport {
    const [forwarded = 0, duplicates = 0, rejected = 0, incidents = 0, behind = 0] = FIELDS.map((_, word) =>
      Number(Atomics.load(this.#words, word)),
    );
    return { forwarded, duplicates, rejected, incidents, behind };
  }

  add(counts: ForwardCounts): void {
    for (const [word, field] of FIELDS.entries()) {
      if (field !== "behind") Atomics.add(this.#words, word, BigInt(counts[field]));
    }
  }

  setBehind(executions: number): void {
    Atomics.store(this.#words, FIELDS.indexOf("behind"), BigInt(executions));
  }
}
