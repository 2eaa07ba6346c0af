import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import type { Span } from "./conditions";
import type { ResolvedFilter } from "./filter";
import type { Grouping } from "./grouping";
import { inhabited } from "./ledger-facts";
import { DAY_LENGTH, isTimeKey, prefixLength } from "./periods";
import { UTC } from "./time-zone";
import { originOf } from "./usage-origin";
import { planUsage, type UsageSources } from "./usage-plan";
import { type ReadingKind, UsageReading } from "./usage-reading";

/** Reads with different plans; most questions need only one. The first one contains the first grouping. */
export type Readings = readonly [UsageReading, ...UsageReading[]];

/**
 * Plans the reads for several groupings of a span, as few as possible. There are no sums for days of a zone other than
 * UTC, pull requests, sessions, and combinations with labels: those groupings read executions.
 */
export async function planReadings(
  db: Kysely<LedgerSchema>,
  span: Span,
  filter: ResolvedFilter,
  groupings: readonly [Grouping, ...Grouping[]],
  sources: Omit<UsageSources, "needsOtherDays">,
): Promise<Readings> {
  const { timeZone } = filter;
  const timeLength = timeZone === UTC ? DAY_LENGTH : prefixLength(timeZone, await inhabited(db, span));
  const placed = groupings.map((grouping) => {
    const origin = originOf(grouping.by, filter);
    const isOfExecutions = origin === "executions";
    const needsOtherDays =
      timeZone !== UTC && grouping.by.some(isTimeKey) && sources.hasRollups && !isOfExecutions;
    return { grouping, origin, kind: { isOfExecutions, needsOtherDays } satisfies ReadingKind };
  });
  const readings = Map.groupBy(placed, ({ kind }) => JSON.stringify(kind))
    .values()
    .flatMap((some) => {
      const [first] = some;
      if (first === undefined) return [];
      const { kind } = first;
      const hasRollups = sources.hasRollups && !kind.isOfExecutions;
      const plan = planUsage(span, { ...sources, hasRollups, needsOtherDays: kind.needsOtherDays });
      return [new UsageReading(some, kind, plan, timeLength)];
    });
  return [...readings] as unknown as Readings;
}
