import type { CompiledQuery } from "kysely";
import { messageOf } from "../describe";
import { estimate } from "../ledger/estimate";
import type { NewExecutionRow } from "../ledger/schema";
import { keepPriceList } from "../ledger/statements";
import { type EstimateOptions, loadPriceList, type PriceList } from "../prices/price-list";

/** Estimates unreported costs. If the price list throws, the row is still stored. */
export class Estimator {
  readonly #prices: PriceList | undefined;
  readonly #onFailure: (reason: string) => void;
  #hasFailed = false;
  /** Statements that are run along with the rows: they note the price list that costs were estimated from. */
  readonly facts: readonly CompiledQuery[];

  /** @param onFailure Called at most once, with the reason why a cost could not be estimated. */
  constructor(options: EstimateOptions, onFailure: (reason: string) => void) {
    this.#onFailure = onFailure;
    this.#prices = this.#attempt(() => loadPriceList(options));
    this.facts = this.#prices === undefined ? [] : [keepPriceList(this.#prices.name)];
  }

  estimate(row: NewExecutionRow): NewExecutionRow {
    const prices = this.#prices;
    if (prices === undefined || row.cost_source !== "unknown") return row;
    return this.#attempt(() => estimate(row, prices)) ?? row;
  }

  #attempt<Result>(action: () => Result): Result | undefined {
    try {
      return action();
    } catch (error) {
      if (!this.#hasFailed) this.#onFailure(`costs could not be estimated: ${messageOf(error)}`);
      this.#hasFailed = true;
      return undefined;
    }
  }
}
