import { isTimeKey } from "../periods";
import type { GroupKey, Usage, UsageGroup } from "../types";
import { UsageTally } from "../usage-tally";
import { formatCount } from "./values";

/** What groups can be sorted by: amounts from the highest, names and times from the lowest. */
export const SORT_KEYS = [
  "cost",
  "executions",
  "failures",
  "failure-rate",
  "tokens",
  "input",
  "output",
  "cache-read",
  "cache-write",
  "duration",
  "p95",
  "name",
] as const;
/** One of {@link SORT_KEYS}. */
export type SortKey = (typeof SORT_KEYS)[number];

/** How the groups of a report are shown. */
export interface ArrangeOptions {
  /** Default: as they come. */
  readonly sort?: SortKey | undefined;
  /** Default: all. Of groups by a time and something else, of each time, unless an amount ranks them all. */
  readonly limit?: number | undefined;
}

/** Groups in the order in which they are shown, and the sums of those that are not. */
export interface GroupTable {
  readonly by: readonly GroupKey[];
  /** What they are sorted by, where somebody said so. */
  readonly sort?: SortKey | undefined;
  readonly groups: readonly UsageGroup[];
  readonly others: readonly OtherGroups[];
}

/** Groups that are shown as one row. */
export interface OtherGroups {
  readonly count: number;
  readonly usage: Usage;
  /** They are earlier than the groups that are shown. */
  readonly areEarlier: boolean;
  /** The keys that all of them share: their time, where each time has others of its own. */
  readonly shared: { readonly [Key in GroupKey]?: string | undefined };
  /** The group behind which their row stands; before all groups, where there is none. */
  readonly after: UsageGroup | undefined;
}

/**
 * Sorts groups and cuts them. Of times alone the latest stay. Of a time and something else, the first of each time
 * stay, the costliest unless they are sorted by name: what a month cost most is no less worth seeing than the latest.
 */
export function arrangeGroups(
  by: readonly GroupKey[],
  groups: readonly UsageGroup[],
  { sort, limit = Number.POSITIVE_INFINITY }: ArrangeOptions = {},
): GroupTable {
  const sorted = sort === undefined ? groups : groups.toSorted(comparison(by, sort));
  const cut = cutGroups(by, sorted, { sort, limit });
  return { by, sort, groups: cut.flatMap(({ shown }) => shown), others: cut.flatMap(({ others }) => others) };
}

/** Groups that are shown, and the sum of those that are not. */
interface Cut {
  readonly shown: readonly UsageGroup[];
  readonly others: readonly OtherGroups[];
}

function cutGroups(
  by: readonly GroupKey[],
  groups: readonly UsageGroup[],
  { sort, limit }: { sort: SortKey | undefined; limit: number },
): readonly Cut[] {
  // By themselves groups come in the order of time, whichever key that is.
  const isInOrderOfTime = sort === undefined ? by.some(isTimeKey) : sort === "name" && startsWithTime(by);
  if (!isInOrderOfTime) return [keepFirst(groups, limit)];
  const [time, ...more] = by.filter(isTimeKey);
  if (time === undefined || more.length > 0 || by.length === 1) return [keepLatest(groups, limit)];
  const ofEachTime = Map.groupBy(groups, (group) => group[time]);
  return Array.from(ofEachTime, ([value, some]) => keepFirst(some, limit, { [time]: value }));
}

function keepFirst(groups: readonly UsageGroup[], limit: number, shared: OtherGroups["shared"] = {}): Cut {
  const shown = groups.slice(0, limit);
  return { shown, others: othersOf(groups.slice(limit), { areEarlier: false, shared, after: shown.at(-1) }) };
}

function keepLatest(groups: readonly UsageGroup[], limit: number): Cut {
  const firstShown = Math.max(0, groups.length - limit);
  const hidden = groups.slice(0, firstShown);
  return {
    shown: groups.slice(firstShown),
    others: othersOf(hidden, { areEarlier: true, shared: {}, after: undefined }),
  };
}

function othersOf(
  hidden: readonly UsageGroup[],
  place: Pick<OtherGroups, "areEarlier" | "shared" | "after">,
): readonly OtherGroups[] {
  return hidden.length === 0 ? [] : [{ count: hidden.length, usage: sumUsage(hidden), ...place }];
}

/**
 * Puts a row of zeros wherever days without executions lie between two: bars next to each other are of adjacent days.
 */
export function withGaps(table: GroupTable): GroupTable {
  const unused = sumUsage([]);
  const groups = table.groups.flatMap((group, index) => {
    const gap = daysBetween(table.groups[index - 1]?.day, group.day);
    return gap > 0
      ? [{ day: `⋮ ${formatCount(gap)} ${gap === 1 ? "day" : "days"}`, ...unused }, group]
      : [group];
  });
  return { ...table, groups };
}

/** All tokens, of whatever kind. */
export function tokensOf(usage: Usage): number {
  return usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheCreationTokens;
}

/** 0 also where one of them is no day: other programs may have stored what they like. */
function daysBetween(earlier = "", later = ""): number {
  try {
    return Temporal.PlainDate.from(earlier).until(later).days - 1;
  } catch {
    return 0;
  }
}

function startsWithTime([first]: readonly GroupKey[]): boolean {
  return first !== undefined && isTimeKey(first);
}

function comparison(
  by: readonly GroupKey[],
  sort: SortKey,
): (first: UsageGroup, second: UsageGroup) => number {
  if (sort === "name") return (first, second) => compareNames(by, first, second);
  const amountOf = AMOUNTS[sort];
  return (first, second) => amountOf(second) - amountOf(first) || compareNames(by, first, second);
}

/** What is unknown comes last. */
const AMOUNTS = {
  cost: ({ costUsd }) => costUsd,
  executions: ({ executions }) => executions,
  failures: ({ failures }) => failures,
  "failure-rate": ({ failureRate }) => failureRate ?? -1,
  tokens: tokensOf,
  input: ({ inputTokens }) => inputTokens,
  output: ({ outputTokens }) => outputTokens,
  "cache-read": ({ cacheReadTokens }) => cacheReadTokens,
  "cache-write": ({ cacheCreationTokens }) => cacheCreationTokens,
  duration: ({ averageDurationMs }) => averageDurationMs ?? -1,
  p95: ({ p95DurationMs }) => p95DurationMs ?? -1,
} as const satisfies Record<Exclude<SortKey, "name">, (usage: Usage) => number>;

/** By code units, so that the order is the same in every locale. */
function compareNames(by: readonly GroupKey[], first: UsageGroup, second: UsageGroup): number {
  for (const key of by) {
    const [one = "", other = ""] = [first[key], second[key]];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** Without percentiles: those of several groups can't be told from those of each. */
function sumUsage(groups: readonly Usage[]): Usage {
  const tally = new UsageTally(groups.some(({ usedIn }) => usedIn !== undefined));
  for (const usage of groups) tally.add(usage);
  return tally.usage;
}
