import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import type { Ledger } from "../report/database/ledger";
import { resolveFilter } from "../report/filter";
import { readSpending, type Spending } from "../report/spending";
import type { GroupKey } from "../report/types";
import type { Amount } from "./amounts";
import type { ParsedBudget } from "./options";
import type { Period } from "./period";

/** What a ledger has for one budget in a period, by value; `""` without `each`. */
export async function readBudget(
  db: Kysely<LedgerSchema>,
  ledger: Pick<Ledger, "hasRollups" | "engine">,
  budget: ParsedBudget,
  period: Period,
): Promise<ReadonlyMap<string, Amount>> {
  const spending = await readSpending(db, ledger, filterOf(budget, period), eachOf(budget));
  return new Map(spending.map((group) => [eachValueOf(budget, group), amountOf(group)]));
}

/** The same for all ledgers in a database except one. */
export async function readBudgetOfOthers(
  db: Kysely<LedgerSchema>,
  ledger: Pick<Ledger, "hasRollups" | "engine">,
  budget: ParsedBudget,
  period: Period,
  ownLedgerId: string,
): Promise<ReadonlyMap<string, Amount>> {
  const by: readonly GroupKey[] = [...eachOf(budget), "ledger"];
  const amounts = new Map<string, Amount>();
  for (const group of await readSpending(db, ledger, filterOf(budget, period), by)) {
    if (group.ledger === ownLedgerId) continue;
    const value = eachValueOf(budget, group);
    const { costUsd, unknown } = amountOf(group);
    const sum = amounts.get(value) ?? { costUsd: 0, unknown: 0 };
    amounts.set(value, { costUsd: sum.costUsd + costUsd, unknown: sum.unknown + unknown });
  }
  return amounts;
}

/** The report filter for a budget's period. */
function filterOf({ match, timeZone }: ParsedBudget, { startMs, endMs }: Period) {
  return resolveFilter({ ...match, timeZone, since: startMs, until: endMs });
}

function eachOf({ each }: ParsedBudget): readonly GroupKey[] {
  return each === undefined ? [] : [each];
}

function eachValueOf({ each }: ParsedBudget, group: Spending): string {
  return each === undefined ? "" : (group[each] ?? "");
}

function amountOf({ costUsd, withoutCost }: Spending): Amount {
  return { costUsd, unknown: withoutCost };
}
