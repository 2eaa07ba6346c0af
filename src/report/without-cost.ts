import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import type { Span } from "./conditions";
import { Grouping } from "./grouping";
import { planReadings } from "./plan-readings";
import type { Usage } from "./types";
import type { UsageSources } from "./usage-plan";
import type { UsageContext } from "./usage-reading";

/** A model that was used at an unknown cost. */
export interface ModelWithoutCost {
  readonly model: string;
  /** How many executions used it at an unknown cost. */
  readonly executions: number;
}

/**
 * The models whose cost is unknown although costs are estimated here: mostly those without a price. The most frequent
 * first.
 */
export async function modelsWithoutCost(
  db: Kysely<LedgerSchema>,
  span: Span,
  totals: Usage,
  { sources, ...context }: UsageContext & { readonly sources: Omit<UsageSources, "needsOtherDays"> },
): Promise<readonly ModelWithoutCost[]> {
  if (totals.withoutCost === 0 || !(totals.estimatedCostUsd > 0 || (await areEstimated(db)))) return [];
  const grouping = new Grouping(["model"], context.filter.timeZone);
  const [reading] = await planReadings(db, span, context.filter, [grouping], sources);
  await reading.readUsage(db, { ...context, only: ["usedIn", "usedWithoutCost"] });
  return grouping
    .groups()
    .map(({ model = "", withoutCost }) => ({ model, executions: withoutCost }))
    .filter(({ executions }) => executions > 0)
    .sort((a, b) => b.executions - a.executions);
}

async function areEstimated(db: Kysely<LedgerSchema>): Promise<boolean> {
  const fact = db.selectFrom("ledger").select("value").where("key", "=", "price_list");
  return (await fact.executeTakeFirst()) !== undefined;
}
