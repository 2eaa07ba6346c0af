import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { nameConditions, spanOf } from "./conditions";
import type { Ledger } from "./database/ledger";
import type { ResolvedFilter } from "./filter";
import { Grouping } from "./grouping";
import { ledgerFacts } from "./ledger-facts";
import { planReadings } from "./plan-readings";
import type { GroupKey, UsageGroup } from "./types";

/** What executions cost. */
export type Spending = Pick<UsageGroup, GroupKey | "executions" | "costUsd" | "withoutCost">;

/**
 * What executions cost, in all or by some keys: the sums of `usageReport`, without the rest of a report. Run it within
 * one snapshot of the ledger.
 */
export async function readSpending(
  db: Kysely<LedgerSchema>,
  { hasRollups, engine }: Pick<Ledger, "hasRollups" | "engine">,
  filter: ResolvedFilter,
  by: readonly GroupKey[],
): Promise<readonly Spending[]> {
  const grouping = new Grouping(by, filter.timeZone);
  const { purgedBeforeMs, hasModels, hasUnadopted } = await ledgerFacts(db);
  const sources = { hasRollups, purgedBeforeMs };
  const readings = await planReadings(db, spanOf(filter), filter, [grouping], sources);
  const context = {
    filter,
    conditions: await nameConditions(db, filter),
    source: {
      executions: "executions",
      models: hasModels ? "execution_models" : undefined,
      engine,
    },
    hasUnadopted,
    only: ["executions", "costUsd", "usedIn", "withoutCost", "usedWithoutCost"],
  } as const;
  for (const reading of readings) await reading.readUsage(db, context);
  return grouping.groups();
}
