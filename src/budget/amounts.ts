import { OTHER_VALUES } from "../ledger/schema";
import type { Slot } from "./matching";

/** How many values of a budget have an amount of their own; all others share one. */
export const MOST_VALUES = 10_000;

/** What was spent. */
export interface Amount {
  readonly costUsd: number;
  /** Executions of unknown cost. */
  readonly unknown: number;
}

/** Amounts by budget and value. In each budget the first {@link MOST_VALUES} have their own; later ones share one. */
export class Amounts {
  readonly #byBudget: Map<string, Amount>[] = [];

  get({ index, value }: Slot): Amount | undefined {
    return this.#byBudget[index]?.get(value);
  }

  set({ index, value }: Slot, amount: Amount): void {
    this.#of(index).set(value, amount);
  }

  /** Adds an amount; returns the slot to which it was added, and the sum there. */
  add({ index, value }: Slot, { costUsd, unknown }: Amount): readonly [Slot, Amount] {
    const amounts = this.#of(index);
    const place = amounts.has(value) || amounts.size < MOST_VALUES ? value : OTHER_VALUES;
    const before = amounts.get(place);
    const sum = {
      costUsd: (before?.costUsd ?? 0) + costUsd,
      unknown: (before?.unknown ?? 0) + unknown,
    };
    amounts.set(place, sum);
    return [{ index, value: place }, sum];
  }

  #of(index: number): Map<string, Amount> {
    this.#byBudget[index] ??= new Map();
    return this.#byBudget[index];
  }

  *[Symbol.iterator](): Generator<readonly [Slot, Amount]> {
    for (const [index, amounts] of this.#byBudget.entries()) {
      if (amounts === undefined) continue;
      for (const [value, amount] of amounts) yield [{ index, value }, amount];
    }
  }
}
