import type { TelemetryRecord } from "../record/types";
import type { Accounts, Entry, Payees } from "./accounts";
import { type Matching, type Name, nameOf } from "./matching";
import type { Part } from "./parts";
import type { Spender } from "./types";

export type PayeesMatching = Matching<Payees>;

let groups = 0;

/**
 * Executions that are sent to the ledger together, as budgets see them. Only a few fields of a plain record are copied
 * when it is recorded, and nothing is looked up within `emit`. They are added up when somebody asks, or when the batch
 * is complete.
 */
export class Group {
  readonly #accounts: Accounts;
  readonly #matching: PayeesMatching;
  readonly #number: number;
  /** A linked list: an array that grows would have to be copied now and then, within `check`. */
  #last: Entry | undefined;
  #size = 0;
  /** The plain records that are not added up yet: the names that budgets need, one after another. */
  readonly #names: Name[] = [];
  /** When each completed, in epoch milliseconds, and its cost; NaN is unknown. */
  readonly #amounts: number[] = [];

  constructor(accounts: Accounts, matching: PayeesMatching) {
    groups += 1;
    this.#number = groups;
    this.#accounts = accounts;
    this.#matching = matching;
  }

  /** Executions that count. */
  get size(): number {
    return this.#size;
  }

  /** Adds a plain record. */
  take(event: TelemetryRecord, atMs: number): void {
    const { keys } = this.#matching;
    // By index: if a getter throws halfway, the next record overwrites the same places.
    const from = (this.#amounts.length / 2) * keys.length;
    for (let index = 0; index < keys.length; index += 1) {
      this.#names[from + index] = nameOf(event as Spender, keys[index]);
    }
    this.#amounts.push(atMs, event.costUsd ?? Number.NaN);
    this.#size += 1;
  }

  /** Adds the amounts of any other record. */
  takeParts(parts: readonly Part[]): void {
    for (const { spender, atMs, costUsd, unknown, unknownOfModel } of parts) {
      this.#add(this.#matching.of(spender), atMs, costUsd, unknown, unknownOfModel);
    }
    this.#size += 1;
  }

  /** Adds up the plain records. */
  addUp(): void {
    const amounts = this.#amounts;
    if (amounts.length === 0) return;
    const names = this.#names;
    const width = this.#matching.keys.length;
    let from = 0;
    for (let index = 0; index < amounts.length; index += 2) {
      const payees = this.#matching.ofNames(names, from);
      from += width;
      const costUsd = amounts[index + 1] as number;
      const atMs = amounts[index] as number;
      if (Number.isNaN(costUsd)) this.#add(payees, atMs, 0, 1, 1);
      else this.#add(payees, atMs, costUsd, 0, 0);
    }
    names.length = 0;
    amounts.length = 0;
  }

  /** Adds everything once more, after a period began. */
  addAgain(): void {
    for (const { payees, atMs, costUsd, unknown, unknownOfModel } of this.#entries()) {
      this.#accounts.addPending(payees, atMs, costUsd, unknown, unknownOfModel);
    }
  }

  /** Counts everything as if the ledger had it, until it is read. */
  confirm(): void {
    this.takeOff();
    for (const { payees, atMs, costUsd, unknown, unknownOfModel } of this.#entries()) {
      this.#accounts.addConfirmed(payees, atMs, costUsd, unknown, unknownOfModel);
    }
  }

  /** Takes off what was added. */
  takeOff(): void {
    for (const { payees, atMs, costUsd, unknown, unknownOfModel } of this.#entries()) {
      this.#accounts.addPending(payees, atMs, -costUsd, -unknown, -unknownOfModel);
    }
  }

  #add(payees: Payees, atMs: number, costUsd: number, unknown: number, unknownOfModel: number): void {
    if (payees.slots.length === 0) return;
    this.#accounts.addPending(payees, atMs, costUsd, unknown, unknownOfModel);
    const { entry } = payees;
    // Records that completed outside the current periods each keep their own time: their neighbours' periods may
    // differ.
    const isSame = entry !== undefined && payees.group === this.#number && this.#accounts.isCurrent(atMs);
    if (isSame && this.#accounts.isCurrent(entry.atMs)) {
      entry.costUsd += costUsd;
      entry.unknown += unknown;
      entry.unknownOfModel += unknownOfModel;
      return;
    }
    this.#last = { payees, atMs, costUsd, unknown, unknownOfModel, before: this.#last };
    payees.entry = this.#last;
    payees.group = this.#number;
  }

  *#entries(): Generator<Entry> {
    for (let entry = this.#last; entry !== undefined; entry = entry.before) yield entry;
  }
}
