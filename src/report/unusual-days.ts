import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import type { Span } from "./conditions";
import { Grouping } from "./grouping";
import { median } from "./median";
import { planReadings } from "./plan-readings";
import { dayBefore, startOfDay, UTC } from "./time-zone";
import type { UsageGroup } from "./types";
import type { UsageSources } from "./usage-plan";
import type { UsageContext } from "./usage-reading";

/** With how many earlier days of the same weekday a day is compared, and with how many at least. */
const WEEKS = 8;
const LEAST_WEEKS = 4;
const DAYS_A_WEEK = 7;
/** A day is unusual if it costs more than this many times their median. */
const TIMES = 3;

/**
 * Marks the days that cost more than three times the median of the same weekdays of the 8 weeks before, if at least
 * four of these are known. Days count as known from the filter's first execution on; those without executions cost
 * nothing.
 */
export async function markUnusual(
  db: Kysely<LedgerSchema>,
  days: readonly UsageGroup[],
  { sources, ...context }: DayReading,
): Promise<readonly UsageGroup[]> {
  const { filter } = context;
  const { timeZone } = filter;
  // Another program may have stored something that isn't a time.
  const isDay = (day: string) => startOfDay(day, UTC) !== undefined;
  const firstShown = days.find(({ day = "" }) => isDay(day))?.day;
  if (firstShown === undefined) return days;
  const firstCompared = dayBefore(firstShown, WEEKS * DAYS_A_WEEK);
  const [fromMs, toMs] = [firstCompared, firstShown].map((day) => startOfDay(day, timeZone));
  if (fromMs === undefined || toMs === undefined) return days;
  const earlier = await costsOf({ fromMs, toMs });
  const costs = new Map([...earlier, ...days.map(({ day = "", costUsd }) => [day, costUsd] as const)]);
  const known = [...costs.keys()].sort()[0] ?? firstShown;
  return days.map((group) => (isUnusual(group) ? { ...group, unusual: true } : group));

  /** Costs by day, without percentiles. */
  async function costsOf(span: Span): Promise<readonly (readonly [day: string, usd: number])[]> {
    const grouping = new Grouping(["day"], timeZone);
    const [reading] = await planReadings(db, span, filter, [grouping], sources);
    await reading.readUsage(db, { ...context, only: ["costUsd", "executions", "usedIn"] });
    return grouping.groups().map(({ day = "", costUsd }) => [day, costUsd]);
  }

  function isUnusual({ day = "", costUsd }: UsageGroup): boolean {
    if (!isDay(day)) return false;
    const same = Array.from({ length: WEEKS }, (_, week) => dayBefore(day, (week + 1) * DAYS_A_WEEK))
      .filter((before) => before >= known)
      .map((before) => costs.get(before) ?? 0);
    const usual = median(same);
    // If such days usually cost nothing, there is nothing to compare with.
    return same.length >= LEAST_WEEKS && usual > 0 && costUsd > TIMES * usual;
  }
}

/** How the days were read. */
interface DayReading extends UsageContext {
  readonly sources: Omit<UsageSources, "needsOtherDays">;
}
