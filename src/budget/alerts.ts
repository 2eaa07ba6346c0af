import type { BudgetAlert } from "../app/events";
import { TOLERANCE } from "./accounts";
import type { Amount } from "./amounts";
import type { CostlyExecution } from "./ledger-sums";
import type { Slot } from "./matching";
import type { ParsedBudget, ParsedBudgets } from "./options";
import type { Period } from "./period";

/** An alert as it is emitted. */
export interface TypedAlert {
  readonly type: "budget:threshold" | "budget:exceeded";
  readonly alert: BudgetAlert;
}

/** What an alert is about: a budget and value in a period, or one execution. */
interface Subject {
  readonly budget: ParsedBudget;
  readonly value: string;
  readonly period: Period;
  readonly executionId: string | null;
}

/**
 * Finds the alerts that are due. It returns each one once, as far as its memory goes; the store of alerts ensures that
 * each is sent once despite restarts and several processes.
 */
export class Alerts {
  readonly #options: ParsedBudgets;
  /** The shares of the current periods that were already alerted. */
  #given = new Set<string>();

  constructor(options: ParsedBudgets) {
    this.#options = options;
  }

  /** A new period began: forgets the shares of the previous one. */
  forget(): void {
    this.#given = new Set();
  }

  /** @param scope Distinguishes the alerts of one ledger from those of another. */
  *ofAmount(slot: Slot, amount: Amount, period: Period, scope: string): Generator<TypedAlert> {
    const budget = this.#options.budgets[slot.index];
    if (budget === undefined) return;
    const spentUsd = amount.costUsd + amount.unknown * this.#options.unknownCostUsd;
    const subject = { budget, value: slot.value, period, executionId: null };
    for (const { type, share } of this.#sharesReached(budget, spentUsd)) {
      const key = `${type},${share},${period.startMs},${slot.index},${slot.value}`;
      if (this.#given.has(key)) continue;
      this.#given.add(key);
      yield toAlert(subject, { type, share, spentUsd, scope });
    }
  }

  *ofExecution(execution: CostlyExecution, period: Period, scope: string): Generator<TypedAlert> {
    const budget = this.#options.budgets[execution.index];
    if (budget === undefined) return;
    const { executionId, costUsd } = execution;
    for (const { type, share } of this.#sharesReached(budget, costUsd)) {
      yield toAlert({ budget, value: "", period, executionId }, { type, share, spentUsd: costUsd, scope });
    }
  }

  *#sharesReached({ limitUsd }: ParsedBudget, spentUsd: number) {
    for (const share of this.#options.alertAt) {
      if (spentUsd >= share * limitUsd * (1 - TOLERANCE)) yield { type: "budget:threshold", share } as const;
    }
    if (spentUsd > limitUsd * (1 + TOLERANCE)) yield { type: "budget:exceeded", share: 1 } as const;
  }
}

function toAlert(
  { budget, value, period, executionId }: Subject,
  {
    type,
    share,
    spentUsd,
    scope,
  }: Pick<TypedAlert, "type"> & { readonly share: number; readonly spentUsd: number; readonly scope: string },
): TypedAlert {
  const { name, limitUsd, per, match, each } = budget;
  const identity = [type, scope, name, per, match, each, value, period.since, executionId, limitUsd, share];
  const id = new Bun.CryptoHasher("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 32);
  return {
    type,
    alert: {
      id,
      budget: name,
      value: each === undefined ? null : value,
      share,
      spentUsd,
      limitUsd,
      per,
      period: { since: period.since, until: period.until },
      executionId,
    },
  };
}
