import type { TelemetryRecord } from "../record/types";
import type { Accounts, Entry, Payees } from "./accounts";
import { type Matching, type Name, nameOf } from "./matching";
import type { Part } from "./parts";
import type { Spender } from "./types";

export type PayeesMatching = Matching<Payees>;

let groups = 0;

/**
 * Executions that travel to the ledger together, as far as budgets are concerned. Of a plain record only a few fields are
 * copied when it is taken; they are added up when somebody asks, or the batch is complete: within `emit` nothing is looked
 * up.
 */
export class Group {
  readonly #accounts: Accounts;
  readonly #matching: PayeesMatching;
  readonly #number: number;
  /** Each knows the one before it: a list that grows has to be copied at times, within `check`. */
  #last: Entry | undefined;
  #size = 0;
  /** Of the plain records that are not added up yet: the names that budgets ask for, one after the other. */
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

  /** Takes a plain record. */
  take(event: TelemetryRecord, atMs: number): void {
    const { keys } = this.#matching;
    // By place: where a getter throws in the midst of it, the next record takes the same places.
    const from = (this.#amounts.length / 2) * keys.length;
    for (let index = 0; index < keys.length; index += 1) {
      this.#names[from + index] = nameOf(event as Spender, keys[index]);
    }
    this.#amounts.push(atMs, event.costUsd ?? Number.NaN);
    this.#size += 1;
  }

  /** Takes what any other record counts. */
  takeParts(parts: readonly Part[]): void {
    for (const { spender, atMs, costUsd, unknown, unknownOfModel } of parts) {
      this.#add(this.#matching.of(spender), atMs, costUsd, unknown, unknownOfModel);
    }
    this.#size += 1;
  }

  /** Adds up what was taken. */
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

  /** Adds all of it once more, after a period began. */
  addAgain(): void {
    for (const { payees, atMs, costUsd, unknown, unknownOfModel } of this.#entries()) {
      this.#accounts.addPending(payees, atMs, costUsd, unknown, unknownOfModel);
    }
  }

  /** Counts all of it as if the ledger had it, until that is read. */
  confirm(): void {
    this.takeOff();
    for (const { payees, atMs, costUsd, unknown, unknownOfModel } of this.#entries()) {
      this.#accounts.addConfirmed(payees, atMs, costUsd, unknown, unknownOfModel);
    }
  }

  /** Takes off again what was added. */
  takeOff(): void {
    for (const { payees, atMs, costUsd, unknown, unknownOfModel } of this.#entries()) {
      this.#accounts.addPending(payees, atMs, -costUsd, -unknown, -unknownOfModel);
    }
  }

  #add(payees: Payees, atMs: number, costUsd: number, unknown: number, unknownOfModel: number): void {
    if (payees.slots.length === 0) return;
    this.#accounts.addPending(payees, atMs, costUsd, unknown, unknownOfModel);
    const { entry } = payees;
    // Of what is not of now, each has its own time: it may be of another period than its neighbours.
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
