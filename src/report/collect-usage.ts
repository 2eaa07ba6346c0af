import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { type NameConditions, nameConditions, spanOf } from "./conditions";
import type { Ledger } from "./database/ledger";
import { readDurations } from "./durations";
import type { ResolvedFilter } from "./filter";
import { Grouping } from "./grouping";
import { crowdedDays } from "./label-queries";
import { readLater } from "./later-executions";
import { ledgerFacts } from "./ledger-facts";
import { planReadings, type Readings } from "./plan-readings";
import { type GroupKey, PERCENTILE_SAMPLE, type Usage, type UsageGroup } from "./types";
import { markUnusual } from "./unusual-days";
import { type CrowdedLabel, notesOn } from "./usage-notes";
import { isEmpty } from "./usage-plan";
import type { UsageContext } from "./usage-reading";
import { modelsWithoutCost } from "./without-cost";

/** What to find out about the executions that match a filter. */
export interface UsageQuestion {
  readonly filter: ResolvedFilter;
  /** The groupings: each is a list of keys. */
  readonly groupings: readonly (readonly GroupKey[])[];
  /** Whether percentiles cover all executions, not only the latest. */
  readonly isExact: boolean;
  /** When today ends, in epoch milliseconds. */
  readonly endOfTodayMs: number | undefined;
  /** Which sums to read, without percentiles, notes and unusual days. Default: all. */
  readonly only?: UsageContext["only"];
  /** Which sums of groups to read, without percentiles. Default: the same as for the totals. */
  readonly onlyOfGroups?: UsageContext["only"];
  /** How many groups are wanted, the costliest first. Default: all. */
  readonly costliest?: UsageContext["costliest"];
}

export interface UsageAnswer {
  readonly totals: Usage;
  /** One list for each of the groupings. */
  readonly groups: readonly (readonly UsageGroup[])[];
  /** Executions before this may have been purged. */
  readonly purgedBeforeMs: number | undefined;
  readonly notes: readonly string[];
}

/** Adds up what executions used. Run it within one snapshot of the ledger. */
export async function collectUsage(
  db: Kysely<LedgerSchema>,
  { hasRollups, engine }: Ledger,
  { filter, groupings, isExact, endOfTodayMs, only, onlyOfGroups, costliest }: UsageQuestion,
): Promise<UsageAnswer> {
  const total = new Grouping([], filter.timeZone);
  const asked = groupings.map((by) => new Grouping(by, filter.timeZone));
  const { purgedBeforeMs, hasModels, hasUnadopted } = await ledgerFacts(db);
  const conditions = await nameConditions(db, filter);
  const sources = { hasRollups, purgedBeforeMs };
  const plan = (some: readonly [Grouping, ...Grouping[]]) =>
    planReadings(db, spanOf(filter), filter, some, sources);
  const together = await plan(onlyOfGroups === undefined ? [total, ...asked] : [total]);
  const [first, ...further] = onlyOfGroups === undefined ? [] : asked;
  const apart = first === undefined ? [] : await plan([first, ...further]);
  const readings: Readings = [...together, ...apart];
  const source = {
    executions: "executions",
    models: hasModels ? "execution_models" : undefined,
    engine,
  } as const;
  const context = { filter, conditions, source, hasUnadopted };
  for (const reading of together) await reading.readUsage(db, { ...context, only, costliest });
  for (const reading of apart) await reading.readUsage(db, { ...context, only: onlyOfGroups });
  const all = total.tallyOf({}, "");
  if (only !== undefined) {
    const groups = asked.map((grouping) => grouping.groups());
    return { totals: all.usage, groups, purgedBeforeMs, notes: [] };
  }
  // Without executions there is nothing to sample, and looking for them again would be slow.
  const areAllRead = all.executions === 0 || (await readSample(db, together, conditions, isExact));

  const later = endOfTodayMs && (await readLater(db, spanOf(filter), endOfTodayMs, conditions));
  const totals = all.usage;
  const groups = await Promise.all(
    asked.map(async (grouping) => {
      const found = grouping.groups();
      const isByDay = grouping.by.length === 1 && grouping.by[0] === "day";
      return isByDay ? markUnusual(db, found, { ...context, sources }) : found;
    }),
  );
  const [main, ...others] = readings;
  return {
    totals,
    groups,
    purgedBeforeMs,
    notes: notesOn({
      ...{ hasRollups, purgedBeforeMs, totals, areAllRead },
      plan: main.plan,
      planOfOtherDays: readings.find(({ kind }) => kind.needsOtherDays)?.plan,
      isPurged: spanOf(filter).fromMs < (purgedBeforeMs ?? Number.NEGATIVE_INFINITY),
      areTotalsOfRows: main.kind.isOfExecutions,
      areGroupsOfRows: others.some(({ kind }) => kind.isOfExecutions),
      crowded: await crowdedLabels(db, readings, filter),
      unusualDays: groups.flat().flatMap(({ unusual, day }) => (unusual && day !== undefined ? [day] : [])),
      withoutCost: await modelsWithoutCost(db, spanOf(filter), totals, { ...context, sources }),
      usedBeside: isOfModels(filter) ? all.usedBeside : 0,
      later: later || undefined,
    }),
  };
}

function isOfModels({ model, provider }: ResolvedFilter): boolean {
  return model !== undefined || provider !== undefined;
}

/**
 * Reads durations for the percentiles: those of the latest executions, or of all.
 *
 * @returns whether no execution was left out.
 */
async function readSample(
  db: Kysely<LedgerSchema>,
  readings: Readings,
  { ofExecutions }: NameConditions,
  isExact: boolean,
): Promise<boolean> {
  const [main] = readings;
  const names = [...new Set(readings.flatMap((reading) => reading.names))];
  for await (const page of readDurations(db, main.plan.counted, ofExecutions, names)) {
    for (const reading of readings) reading.addDurations(page);
    if (!isExact) return page.length < PERCENTILE_SAMPLE;
  }
  return true;
}

/** The labels that had so many values on some day that the later values share one sum. */
async function crowdedLabels(
  db: Kysely<LedgerSchema>,
  readings: Readings,
  filter: ResolvedFilter,
): Promise<readonly CrowdedLabel[]> {
  const crowded: CrowdedLabel[] = [];
  for (const { labels, plan } of readings) {
    if (isEmpty(plan.days)) continue;
    for (const label of labels) {
      const days = await crowdedDays(db, plan.days, label, filter);
      if (days > 0) crowded.push({ label, days });
    }
  }
  return crowded;
}
