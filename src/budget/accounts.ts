import { OTHER_VALUES } from "../ledger/schema";
import { type Amounts, MOST_VALUES } from "./amounts";
import type { Slot } from "./matching";
import type { ParsedBudget, ParsedBudgets } from "./options";
import { type Period, periodAt } from "./period";
import type { BudgetState } from "./types";

/** Sums of fractions depend on the order of addition: a remainder as small as this, relative to a limit, is zero. */
export const TOLERANCE = 1e-9;

/** The amounts of a budget and value in the current period, in US dollars and executions of unknown cost. */
interface Account {
  readonly book: Book;
  readonly value: string;
  /** Whether the account is stored in its book. One that was only asked about has no amounts, and need not be. */
  isKept: boolean;
  /** Whether each model has its own account. */
  readonly isOfModel: boolean;
  /** As of the ledger's last reading. */
  confirmedUsd: number;
  confirmedUnknown: number;
  /** Recorded by this process, but not in the ledger at its last reading. */
  pendingUsd: number;
  pendingUnknown: number;
  reservedUsd: number;
}

/** The accounts of one budget. */
interface Book {
  readonly budget: ParsedBudget;
  period: Period;
  readonly accounts: Map<string, Account>;
}

/** Slots with their accounts. */
export interface Payees {
  readonly slots: readonly Slot[];
  readonly accounts: Account[];
  /** The epoch in which the accounts were looked up; in a later one they may be different. */
  epoch: number;
  /** For {@link Group}: `entry` belongs to the group with this number. */
  group: number;
  entry: Entry | undefined;
}

/** Executions that count for the same budgets, or for one of them, or for a model of one. */
export interface Entry {
  readonly payees: Payees;
  /** When it completed; if there are several, all completed within the same periods. */
  readonly atMs: number;
  costUsd: number;
  /** Executions of unknown cost, by the execution and by the model. */
  unknown: number;
  unknownOfModel: number;
  /** The previous entry of its group. */
  readonly before: Entry | undefined;
}

export function newPayees(slots: readonly Slot[]): Payees {
  return { slots, accounts: [], epoch: 0, group: 0, entry: undefined };
}

/** What is spent and reserved of each budget, in its current period. */
export class Accounts {
  readonly #books: readonly Book[];
  readonly #unknownCostUsd: number;
  /** No period begins or ends between these two. */
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;
  /** Increases when accounts are added or removed. */
  #epoch = 1;

  constructor({ budgets, unknownCostUsd }: ParsedBudgets, nowMs: number) {
    this.#unknownCostUsd = unknownCostUsd;
    this.#books = budgets.map((budget) => ({
      budget,
      period: periodAt(budget.per, budget.timeZone, nowMs),
      accounts: new Map(),
    }));
    this.#bound();
  }

  /** Whether an instant is in the current period of every budget. */
  isCurrent(atMs: number): boolean {
    return atMs >= this.#fromMs && atMs < this.#toMs;
  }

  /** Begins the periods that contain an instant. Everything pending must then be added again. */
  roll(nowMs: number): void {
    for (const book of this.#books) {
      const { per, timeZone } = book.budget;
      const period = periodAt(per, timeZone, nowMs);
      if (period.startMs !== book.period.startMs || period.endMs !== book.period.endMs)
        this.#begin(book, period);
    }
    this.clearPending();
    this.#bound();
  }

  /** Counts the amounts as if the ledger had them, until it is read. */
  addConfirmed(payees: Payees, atMs: number, costUsd: number, unknown: number, unknownOfModel: number): void {
    for (const account of this.#keptAccounts(payees)) {
      if (!isWithin(account.book.period, atMs)) continue;
      account.confirmedUsd += costUsd;
      account.confirmedUnknown += account.isOfModel ? unknownOfModel : unknown;
    }
  }

  /** Adds what completed at an instant to what is pending; negative amounts take it off. */
  addPending(payees: Payees, atMs: number, costUsd: number, unknown: number, unknownOfModel: number): void {
    const isCurrent = this.isCurrent(atMs);
    for (const account of this.#keptAccounts(payees)) {
      if (!isCurrent && !isWithin(account.book.period, atMs)) continue;
      account.pendingUsd += costUsd;
      account.pendingUnknown += account.isOfModel ? unknownOfModel : unknown;
    }
  }

  /** Sets everything pending to zero, so that no rounding error of additions and subtractions remains. */
  clearPending(): void {
    for (const { accounts } of this.#books) {
      for (const account of accounts.values()) {
        account.pendingUsd = 0;
        account.pendingUnknown = 0;
      }
    }
  }

  addReserved(payees: Payees, amountUsd: number): void {
    for (const account of this.#keptAccounts(payees)) account.reservedUsd += amountUsd;
  }

  /** Sets everything reserved to zero. */
  clearReserved(): void {
    for (const { accounts } of this.#books) for (const account of accounts.values()) account.reservedUsd = 0;
  }

  /** Whether the current periods of all budgets begin at these times. */
  areOf(startsMs: readonly number[]): boolean {
    return this.#books.every(({ period }, index) => period.startMs === startsMs[index]);
  }

  /** Takes over the ledger's amounts of the current periods. */
  confirm(amounts: Amounts, areAll: boolean): void {
    if (areAll) this.#clearConfirmed();
    for (const [{ index, value }, { costUsd, unknown }] of amounts) {
      const book = this.#books[index];
      if (book === undefined) continue;
      // Adds these whatever their number: the ledger's amounts are bounded themselves.
      const account = this.#accountNamed(book, value);
      account.confirmedUsd = costUsd;
      account.confirmedUnknown = unknown;
    }
    if (areAll) this.#forgetEmpty();
  }

  /** The state of each budget, and whether a further amount fits. */
  statesOf(payees: Payees, amountUsd: number): readonly BudgetState[] {
    return this.#accountsOf(payees).map((account) => this.#stateOf(account, amountUsd));
  }

  *states(): Generator<BudgetState> {
    for (const book of this.#books) {
      if (book.budget.each === undefined) this.#accountNamed(book, "");
      for (const account of book.accounts.values()) yield this.#stateOf(account, 0);
    }
  }

  #stateOf(account: Account, amountUsd: number): BudgetState {
    const { book, value, reservedUsd } = account;
    const { budget, period } = book;
    const { name, each, per, limitUsd } = budget;
    // For a budget per execution, each execution has the whole limit, whatever others spend or hold.
    const isSummed = per !== "execution";
    const unknownCosts = isSummed ? account.confirmedUnknown + account.pendingUnknown : 0;
    const spentUsd = isSummed
      ? account.confirmedUsd + account.pendingUsd + unknownCosts * this.#unknownCostUsd
      : 0;
    const usedUsd = isSummed ? spentUsd + reservedUsd : 0;
    const toleratedUsd = limitUsd * TOLERANCE;
    return {
      budget: name,
      value: each === undefined ? null : value,
      per,
      limitUsd,
      spentUsd,
      reservedUsd,
      remainingUsd: Math.max(0, limitUsd - usedUsd),
      unknownCosts,
      periodEnd: period.until,
      allowed:
        amountUsd > 0 ? usedUsd + amountUsd <= limitUsd + toleratedUsd : usedUsd < limitUsd - toleratedUsd,
    };
  }

  /** The accounts of slots. */
  #accountsOf(payees: Payees): Account[] {
    if (payees.epoch !== this.#epoch) {
      payees.epoch = this.#epoch;
      payees.accounts.length = 0;
      for (const { index, value } of payees.slots) {
        const book = this.#books[index];
        if (book !== undefined) payees.accounts.push(accountAt(book, value) ?? newAccount(book, value));
      }
    }
    return payees.accounts;
  }

  /** The same, for writing. */
  #keptAccounts(payees: Payees): readonly Account[] {
    const accounts = this.#accountsOf(payees);
    for (let place = 0; place < accounts.length; place += 1) {
      const account = accounts[place];
      if (account === undefined || account.isKept) continue;
      const { book, value } = account;
      accounts[place] = this.#accountNamed(book, book.accounts.size < MOST_VALUES ? value : OTHER_VALUES);
      payees.epoch = this.#epoch;
    }
    return accounts;
  }

  #accountNamed(book: Book, value: string): Account {
    let account = book.accounts.get(value);
    if (account === undefined) {
      account = newAccount(book, value);
      account.isKept = true;
      book.accounts.set(value, account);
      this.#epoch += 1;
    }
    return account;
  }

  #clearConfirmed(): void {
    for (const { accounts } of this.#books) {
      for (const account of accounts.values()) {
        account.confirmedUsd = 0;
        account.confirmedUnknown = 0;
      }
    }
  }

  /** Removes empty accounts: a value without an amount of its own may share an account by now. */
  #forgetEmpty(): void {
    for (const { accounts } of this.#books) {
      for (const [value, account] of accounts) {
        const { confirmedUsd, confirmedUnknown, pendingUsd, pendingUnknown, reservedUsd } = account;
        const isEmpty = confirmedUsd === 0 && pendingUsd === 0 && reservedUsd === 0;
        if (!isEmpty || confirmedUnknown !== 0 || pendingUnknown !== 0) continue;
        accounts.delete(value);
        this.#epoch += 1;
      }
    }
  }

  #begin(book: Book, period: Period): void {
    book.period = period;
    this.#epoch += 1;
    for (const [value, account] of book.accounts) {
      if (account.reservedUsd === 0) book.accounts.delete(value);
      account.confirmedUsd = 0;
      account.confirmedUnknown = 0;
    }
  }

  #bound(): void {
    this.#fromMs = Math.max(...this.#books.map(({ period }) => period.startMs));
    this.#toMs = Math.min(...this.#books.map(({ period }) => period.endMs));
  }
}

function isWithin({ startMs, endMs }: Period, atMs: number): boolean {
  return atMs >= startMs && atMs < endMs;
}

function accountAt({ accounts }: Book, value: string): Account | undefined {
  return accounts.get(value) ?? (accounts.size >= MOST_VALUES ? accounts.get(OTHER_VALUES) : undefined);
}

function newAccount(book: Book, value: string): Account {
  return {
    book,
    value,
    isKept: false,
    isOfModel: book.budget.each === "model",
    confirmedUsd: 0,
    confirmedUnknown: 0,
    pendingUsd: 0,
    pendingUnknown: 0,
    reservedUsd: 0,
  };
}
