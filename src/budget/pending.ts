import type { TelemetryRecord } from "../record/types";
import type { Follower } from "../recorder/following";
import type { Group } from "./group";

/**
 * How many executions are remembered until the ledger has them; if there are more, the oldest count only until it is
 * read.
 */
const MOST_PENDING = 200_000;

/** What one recorder's follower needs from its books. */
export interface PendingHost {
  readonly newGroup: () => Group;
  /** Adds an event's amounts to a group. Never throws. */
  readonly take: (event: TelemetryRecord, completedAtMs: number, group: Group) => void;
  /** The number of the last reading that was requested. */
  readonly lastReadId: () => number;
}

/** The result of a reading, as far as it shows what the ledger has. */
export interface Settlement {
  /** The last batch of the recorder that is in the ledger; `undefined`: the ledger has no note of it. */
  readonly sequence: number | undefined;
  /** The number of the reading. */
  readonly readId: number;
  /** Whether there was a spill file when the reading began. */
  readonly hasSpill: boolean;
}

/** What one recorder has recorded but the ledger didn't have at its last reading. All of it counts as pending. */
export class Pending implements Follower {
  readonly #host: PendingHost;
  /** Executions that are not in a batch yet. */
  #open: Group;
  /** Batches that wait to be sent. */
  readonly #waiting: Group[];
  readonly #sent: { readonly sequence: number; readonly group: Group }[] = [];
  /**
   * Groups in the spill file or the ledger, it is unknown which; each with the last reading that was requested before.
   */
  readonly #adrift: { readonly readId: number; readonly group: Group }[] = [];
  /** Executions in batches. */
  #size = 0;
  #hasEnded = false;

  constructor(host: PendingHost, waitingBatches: number) {
    this.#host = host;
    this.#open = host.newGroup();
    this.#waiting = Array.from({ length: waitingBatches }, host.newGroup);
  }

  /** Executions that count but may not be in the ledger yet. */
  get size(): number {
    return this.#size + this.#open.size;
  }

  /** Whether nothing from this recorder can become pending any more. */
  get isOver(): boolean {
    return this.#hasEnded && this.size === 0;
  }

  taken(event: TelemetryRecord, completedAtMs: number): void {
    this.#host.take(event, completedAtMs, this.#open);
  }

  sealed(batches: number): void {
    if (batches === 0) return;
    // If there are several, the last one tells when all are written.
    for (let batch = 1; batch < batches; batch += 1) this.#waiting.push(this.#host.newGroup());
    this.#open.addUp();
    this.#waiting.push(this.#open);
    this.#size += this.#open.size;
    this.#open = this.#host.newGroup();
  }

  sent(sequence: number): void {
    const group = this.#waiting.shift();
    if (group !== undefined) this.#sent.push({ sequence, group });
    while (this.#size > MOST_PENDING && this.#forgetOldest());
  }

  spilled(batches: number): void {
    for (const group of this.#waiting.splice(0, batches)) this.#drift(group);
  }

  ended(): void {
    this.sealed(1);
    for (const { group } of this.#sent.splice(0)) this.#drift(group);
    this.spilled(this.#waiting.length);
    this.#hasEnded = true;
  }

  /** Adds up new executions. */
  addUp(): void {
    this.#open.addUp();
  }

  /** Takes off what the ledger has. */
  settle({ sequence = 0, readId, hasSpill }: Settlement): void {
    while (this.#sent[0] !== undefined && this.#sent[0].sequence <= sequence) {
      this.#forget(this.#sent[0]);
      this.#sent.shift();
    }
    // Groups that are no longer in a batch are settled only by a reading that began later.
    while (!hasSpill && this.#adrift[0] !== undefined && this.#adrift[0].readId < readId) {
      this.#forget(this.#adrift[0]);
      this.#adrift.shift();
    }
  }

  /** Adds everything once more, after a period began. */
  addAgain(): void {
    for (const { group } of [...this.#adrift, ...this.#sent]) group.addAgain();
    for (const group of [...this.#waiting, this.#open]) group.addAgain();
  }

  #drift(group: Group): void {
    this.#adrift.push({ readId: this.#host.lastReadId(), group });
    while (this.#size > MOST_PENDING && this.#forgetOldest());
  }

  #forgetOldest(): boolean {
    const oldest = this.#adrift.shift() ?? this.#sent.shift();
    if (oldest === undefined) return false;
    this.#size -= oldest.group.size;
    oldest.group.confirm();
    return true;
  }

  #forget({ group }: { readonly group: Group }): void {
    this.#size -= group.size;
    group.takeOff();
  }
}
