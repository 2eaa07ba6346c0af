import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { type NameConditions, nameConditions, spanOf } from "./conditions";
import type { Ledger } from "./database/ledger";
import { readDurations } from "./durations";
import type { ResolvedFilter } from "./filter";
import { Grouping } from "./grouping";
import { readLater } from "./later-executions";
import { inhabited, purgedBefore } from "./ledger-facts";
import { hasModels } from "./models";
import { DAY_LENGTH, isTimeKey, prefixLength } from "./periods";
import { UTC } from "./time-zone";
import { type GroupKey, PERCENTILE_SAMPLE, type Usage, type UsageGroup } from "./types";
import { markUnusual } from "./unusual-days";
import { notesOn } from "./usage-notes";
import { planUsage, type UsageSources } from "./usage-plan";
import { isRowKey } from "./usage-queries";
import { UsageReading } from "./usage-reading";

/** What is to be known of the executions that match a filter. */
export interface UsageQuestion {
  readonly filter: ResolvedFilter;
  /** What to group by: each time, all executions by so many keys. */
  readonly groupings: readonly (readonly GroupKey[])[];
  /** Whether percentiles are over all executions, not only the latest. */
  readonly isExact: boolean;
  /** When today ends, in epoch milliseconds. */
  readonly endOfTodayMs: number | undefined;
}

export interface UsageAnswer {
  readonly totals: Usage;
  /** One list for each of the groupings. */
  readonly groups: readonly (readonly UsageGroup[])[];
  /** Executions before this may have been purged. */
  readonly purgedBeforeMs: number | undefined;
  readonly notes: readonly string[];
}

/** Readings by different plans, of which most questions need one. */
interface Readings {
  /** For the totals, and for all groupings that the same plan will do for. */
  readonly main: UsageReading;
  /** For days of another zone than UTC. */
  readonly ofOtherDays?: UsageReading;
  /** For what only executions have. */
  readonly ofRows?: UsageReading;
}

/** Adds up what executions used; its reads are to see the ledger as it is at one moment. */
export async function collectUsage(
  db: Kysely<LedgerSchema>,
  { hasRollups, engine }: Ledger,
  { filter, groupings, isExact, endOfTodayMs }: UsageQuestion,
): Promise<UsageAnswer> {
  const total = new Grouping([], filter.timeZone);
  const asked = groupings.map((by) => new Grouping(by, filter.timeZone));
  const purgedBeforeMs = await purgedBefore(db);
  const conditions = await nameConditions(db, filter);
  const readings = await planReadings(db, filter, [total, ...asked], { hasRollups, purgedBeforeMs });
  const source = {
    executions: "executions",
    models: (await hasModels(db)) ? "execution_models" : undefined,
    engine,
  } as const;
  for (const reading of allOf(readings)) await reading.readUsage(db, conditions, source);
  // To find out once more that there are none takes long.
  const all = total.tallyOf({}, "");
  const areAllRead = all.executions === 0 || (await readSample(db, readings, conditions, isExact));

  const later = endOfTodayMs && (await readLater(db, spanOf(filter), endOfTodayMs, conditions));
  const totals = all.usage;
  const sources = { hasRollups, purgedBeforeMs };
  const groups = await Promise.all(
    asked.map(async (grouping) => {
      const found = grouping.groups();
      const isByDay = grouping.by.length === 1 && grouping.by[0] === "day";
      return isByDay ? markUnusual(db, found, { filter, conditions, sources, source }) : found;
    }),
  );
  const { main, ofOtherDays, ofRows } = readings;
  return {
    totals,
    groups,
    purgedBeforeMs,
    notes: notesOn({
      ...{ hasRollups, purgedBeforeMs, totals, areAllRead },
      plan: main.plan,
      planOfOtherDays: ofOtherDays?.plan,
      isOfRows: ofRows !== undefined,
      unusualDays: groups.flat().flatMap(({ unusual, day }) => (unusual && day !== undefined ? [day] : [])),
      usedBeside: isOfModels(filter) ? all.usedBeside : 0,
      later: later || undefined,
    }),
  };
}

function isOfModels({ model, provider }: ResolvedFilter): boolean {
  return model !== undefined || provider !== undefined;
}

/** Days of another zone than UTC, and what only executions have, are in no sum: what asks for them reads executions. */
async function planReadings(
  db: Kysely<LedgerSchema>,
  filter: ResolvedFilter,
  groupings: readonly Grouping[],
  sources: Omit<UsageSources, "needsOtherDays">,
): Promise<Readings> {
  const { timeZone } = filter;
  const span = spanOf(filter);
  const timeLength = timeZone === UTC ? DAY_LENGTH : prefixLength(timeZone, await inhabited(db, span));
  const kindOf = ({ by }: Grouping): keyof Readings => {
    if (by.some(isRowKey)) return "ofRows";
    return sources.hasRollups && timeZone !== UTC && by.some(isTimeKey) ? "ofOtherDays" : "main";
  };
  const byKind = Map.groupBy(groupings, kindOf);
  const readingOf = (kind: keyof Readings, of: UsageSources) => {
    const some = byKind.get(kind);
    return some && { [kind]: new UsageReading(some, planUsage(span, of), timeLength) };
  };
  return {
    main: new UsageReading(
      byKind.get("main") ?? [],
      planUsage(span, { ...sources, needsOtherDays: false }),
      timeLength,
    ),
    ...readingOf("ofOtherDays", { ...sources, needsOtherDays: true }),
    ...readingOf("ofRows", { ...sources, hasRollups: false, needsOtherDays: false }),
  };
}

function allOf({ main, ofOtherDays, ofRows }: Readings): readonly UsageReading[] {
  return [main, ofOtherDays, ofRows].filter((reading) => reading !== undefined);
}

/**
 * Reads durations for the percentiles: of the latest executions, or of all that there are.
 *
 * @returns whether no execution was left out.
 */
async function readSample(
  db: Kysely<LedgerSchema>,
  readings: Readings,
  { ofExecutions }: NameConditions,
  isExact: boolean,
): Promise<boolean> {
  const names = [...new Set(allOf(readings).flatMap((reading) => reading.names))];
  for await (const page of readDurations(db, readings.main.plan.counted, ofExecutions, names)) {
    for (const reading of allOf(readings)) reading.addDurations(page);
    if (!isExact) return page.length < PERCENTILE_SAMPLE;
  }
  return true;
}
