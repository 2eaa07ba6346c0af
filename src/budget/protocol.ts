import type { Logger } from "../logger";
import type { TypedAlert } from "./alerts";
import { Amounts } from "./amounts";
import type { ParsedBudgets, ParsedWebhook } from "./options";

/** The first message to the budgets' thread: how to start. */
export interface BudgetStart extends ParsedBudgets {
  readonly dbPath: string;
  /** The URL includes the password: it is passed only between threads. */
  readonly shared: { readonly url: string; readonly driver: string | undefined } | undefined;
  readonly webhook: ParsedWebhook | undefined;
  /** Who sends the alerts. */
  readonly owner: string;
}

export type ToBudgetThread =
  /** Read the ledger; the answer has the same `id`. */
  | { readonly type: "read"; readonly id: number }
  /** These alerts were emitted. */
  | { readonly type: "told"; readonly ids: readonly string[] }
  /** Read once more, and give the webhook this long. */
  | { readonly type: "close"; readonly timeoutMs: number };

/** The result of a reading. */
export interface PostedReading {
  readonly type: "reading";
  readonly id: number;
  /**
   * A flat array, because one array of plain values is received fastest: four values of {@link toPosted} per amount.
   */
  readonly amounts: readonly (number | string)[];
  readonly startsMs: readonly number[];
  readonly areAll: boolean;
  readonly written: ReadonlyMap<string, number>;
  readonly hasSpill: boolean;
  /** Whether other ledgers were read too, if they are shared. */
  readonly isComplete: boolean;
}

export type FromBudgetThread =
  | PostedReading
  /** The ledger could not be read, or not completely. */
  | { readonly type: "failed"; readonly message: string }
  /** The reading has ended, successfully or not. */
  | { readonly type: "read"; readonly id: number }
  | { readonly type: "alerts"; readonly alerts: readonly TypedAlert[] }
  | { readonly type: "webhook"; readonly delivered: number; readonly undelivered: number }
  | {
      readonly type: "log";
      readonly level: keyof Logger;
      readonly bindings: object;
      readonly message: string;
    }
  | { readonly type: "closed" };

/** A budget's index in the list, a value, US dollars, and executions of unknown cost. */
export function toPosted(amounts: Amounts): readonly (number | string)[] {
  return Array.from(amounts).flatMap(([{ index, value }, { costUsd, unknown }]) => [
    index,
    value,
    costUsd,
    unknown,
  ]);
}

export function fromPosted(posted: readonly (number | string)[]): Amounts {
  const amounts = new Amounts();
  for (let at = 0; at < posted.length; at += 4) {
    const slot = { index: Number(posted[at]), value: String(posted[at + 1]) };
    amounts.set(slot, { costUsd: Number(posted[at + 2]), unknown: Number(posted[at + 3]) });
  }
  return amounts;
}
