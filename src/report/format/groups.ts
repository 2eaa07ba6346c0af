import { isTimeKey } from "../periods";
import type { GroupKey, Usage, UsageGroup } from "../types";
import { UsageTally } from "../usage-tally";
import { formatCount } from "./values";

/** What groups can be sorted by: amounts from the highest, names and times from the lowest. */
export const SORT_KEYS = ["cost", "executions", "failures", "tokens", "duration", "name"] as const;
/** One of {@link SORT_KEYS}. */
export type SortKey = (typeof SORT_KEYS)[number];

/** How the groups of a report are shown. */
export interface ArrangeOptions {
  /** Default: as they come. */
  readonly sort?: SortKey | undefined;
  /** Default: all. */
  readonly limit?: number | undefined;
}

/** Groups in the order in which they are shown, and the sum of those that are not. */
export interface GroupTable {
  readonly by: readonly GroupKey[];
  readonly groups: readonly UsageGroup[];
  readonly others?: OtherGroups | undefined;
}

/** Groups that are shown as one row. */
export interface OtherGroups {
  readonly count: number;
  readonly usage: Usage;
  /** They are earlier than the groups that are shown. */
  readonly areEarlier: boolean;
}

/** Sorts groups and cuts them to the first ones; to the latest, when they are in the order of time. */
export function arrangeGroups(
  by: readonly GroupKey[],
  groups: readonly UsageGroup[],
  { sort, limit = Number.POSITIVE_INFINITY }: ArrangeOptions = {},
): GroupTable {
  const sorted = sort === undefined ? groups : groups.toSorted(comparison(by, sort));
  if (sorted.length <= limit) return { by, groups: sorted };
  // By themselves groups come in the order of time, whichever key that is.
  const areEarlier = sort === undefined ? by.some(isTimeKey) : sort === "name" && startsWithTime(by);
  const firstShown = areEarlier ? sorted.length - limit : 0;
  const shown = sorted.slice(firstShown, firstShown + limit);
  const hidden = areEarlier ? sorted.slice(0, firstShown) : sorted.slice(limit);
  return { by, groups: shown, others: { count: hidden.length, usage: sumUsage(hidden), areEarlier } };
}

/** Puts a row of zeros wherever days without executions lie between two: bars next to each other are of adjacent days. */
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

const AMOUNTS = {
  cost: ({ costUsd }) => costUsd,
  executions: ({ executions }) => executions,
  failures: ({ failures }) => failures,
  tokens: tokensOf,
  duration: ({ averageDurationMs }) => averageDurationMs ?? 0,
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
  const tally = new UsageTally();
  for (const usage of groups) tally.add(usage);
  return tally.usage;
}
