import { RunledgerError } from "../errors";
import type { Accounts, Payees } from "./accounts";
import type { Slot } from "./matching";
import type { BudgetHold } from "./types";

/** How many holds may be open at once. Beyond that nothing is allowed: somebody isn't ending them. */
const MOST_HOLDS = 10_000;

interface Kept {
  readonly payees: Payees;
  readonly amountUsd: number;
  /** On the monotonic clock. */
  readonly endsAtMs: number;
}

/** What is reserved of a budget, or of one of its values. */
interface ReservedAmount extends Slot {
  readonly reservedUsd: number;
}

/** Reservations, by the id of the execution that they are for. */
export class Holds {
  readonly #accounts: Accounts;
  readonly #timeoutMs: number;
  readonly #kept = new Map<string, Kept>();

  constructor(accounts: Accounts, timeoutMs: number) {
    this.#accounts = accounts;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#kept.size;
  }

  /**
   * @param allowed Whether it fits.
   * @throws {RunledgerError} `INVALID_ARGUMENT` if there is already a hold with this id.
   */
  add(executionId: string, payees: Payees, amountUsd: number, allowed: boolean): BudgetHold {
    if (this.#kept.has(executionId)) {
      throw new RunledgerError("INVALID_ARGUMENT", `reserve: there is a hold of ${executionId} already.`);
    }
    const isKept = this.#kept.size < MOST_HOLDS;
    const kept = { payees, amountUsd, endsAtMs: performance.now() + this.#timeoutMs };
    if (isKept) {
      this.#kept.set(executionId, kept);
      this.#accounts.addReserved(payees, amountUsd);
    }
    const end = (): void => {
      // Another hold may have the id by now.
      if (this.#kept.get(executionId) === kept) this.end(executionId);
    };
    return { executionId, amountUsd, allowed: allowed && isKept, end, [Symbol.dispose]: end };
  }

  /** Ends the hold of an execution, if there is one. */
  end(executionId: string): void {
    const kept = this.#kept.get(executionId);
    if (kept === undefined) return;
    this.#kept.delete(executionId);
    if (this.#kept.size === 0) this.#accounts.clearReserved();
    else this.#accounts.addReserved(kept.payees, -kept.amountUsd);
  }

  /** How much is reserved, by budget and value. */
  amounts(): readonly ReservedAmount[] {
    const sums = new Map<string, ReservedAmount>();
    for (const { payees, amountUsd } of this.#kept.values()) {
      for (const { index, value } of payees.slots) {
        const key = `${index} ${value}`;
        const reservedUsd = (sums.get(key)?.reservedUsd ?? 0) + amountUsd;
        sums.set(key, { index, value, reservedUsd });
      }
    }
    return [...sums.values()];
  }

  /** Ends expired holds. */
  expire(): void {
    if (this.#kept.size === 0) return;
    const nowMs = performance.now();
    for (const [executionId, { endsAtMs }] of this.#kept) {
      if (endsAtMs > nowMs) return;
      this.end(executionId);
    }
  }
}
