import type { Ledger } from "../report/database/ledger";
import { openPostgresLedger } from "../report/database/open-postgres";
import { atOneMoment } from "../report/database/snapshot";
import { Amounts } from "./amounts";
import type { ParsedBudget } from "./options";
import type { Period } from "./period";
import { readBudgetOfOthers } from "./read-budget";

/** What other ledgers, forwarded to one PostgreSQL database, have for each budget. */
export class SharedSums implements AsyncDisposable {
  readonly #url: string;
  readonly #driver: string | undefined;
  readonly #budgets: readonly ParsedBudget[];
  #ledger: Ledger | undefined;

  /** @param driver Where the host found the package `pg`. */
  constructor(url: string, driver: string | undefined, budgets: readonly ParsedBudget[]) {
    this.#url = url;
    this.#driver = driver;
    this.#budgets = budgets;
  }

  /** @throws {RunledgerError} if the database can't be read; the next reading reconnects. */
  async read(periods: readonly Period[], ownLedgerId: string): Promise<Amounts> {
    try {
      this.#ledger ??= await openPostgresLedger(this.#url, { driver: this.#driver });
      return await this.#readFrom(this.#ledger, periods, ownLedgerId);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ledger = this.#ledger;
    this.#ledger = undefined;
    await ledger?.close();
  }

  #readFrom(ledger: Ledger, periods: readonly Period[], ownLedgerId: string): Promise<Amounts> {
    return atOneMoment(ledger, async (db) => {
      const sums = new Amounts();
      for (const [index, budget] of this.#budgets.entries()) {
        const period = periods[index];
        if (budget.per === "execution" || period === undefined) continue;
        for (const [value, amount] of await readBudgetOfOthers(db, ledger, budget, period, ownLedgerId)) {
          sums.add({ index, value }, amount);
        }
      }
      return sums;
    });
  }
}
