import { isTimeKey } from "../periods";
import type { GroupKey, Usage, UsageGroup, UsageReport } from "../types";
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
  /** Of a report by two keys, which then gets a row of sums under each value of the outer one. */
  readonly subtotals?: UsageReport["subtotals"];
}

/** Groups in the order in which they are shown, and the sums of those that are not. */
export interface GroupTable {
  readonly by: readonly GroupKey[];
  /** What they are sorted by, if `--sort` was given. */
  readonly sort?: SortKey | undefined;
  readonly groups: readonly UsageGroup[];
  readonly others: readonly OtherGroups[];
  readonly subtotals: readonly Subtotal[];
}

/** The sums of all groups that share a value of the outer one of two keys. */
export interface Subtotal {
  readonly usage: Usage;
  readonly shared: OtherGroups["shared"];
  /** The last of these groups that is shown. */
  readonly after: UsageGroup;
}

/** Groups that are shown as one row. */
export interface OtherGroups {
  readonly count: number;
  readonly usage: Usage;
  /** Whether they are earlier than the groups that are shown. */
  readonly areEarlier: boolean;
  /** The keys that all of them share: their time, where each time has others of its own. */
  readonly shared: { readonly [Key in GroupKey]?: string | undefined };
  /** The group behind which their row stands; before all groups, where there is none. */
  readonly after: UsageGroup | undefined;
}

/**
 * Sorts groups and cuts them. Of times alone the latest stay. Of two keys, groups stand under the value of the outer one,
 * a time if there is one, and the first of each value stay: what a month cost most is no less worth seeing than the
 * latest. An amount to sort by ranks them all.
 */
export function arrangeGroups(
  by: readonly GroupKey[],
  groups: readonly UsageGroup[],
  { sort, limit = Number.POSITIVE_INFINITY, subtotals }: ArrangeOptions = {},
): GroupTable {
  const sorted = sort === undefined ? groups : groups.toSorted(comparison(by, sort));
  const outer = outerKey(by, sort);
  const cut =
    outer === undefined
      ? [isInOrderOfTime(by, sort) ? keepLatest(sorted, limit) : keepFirst(sorted, limit)]
      : cutWithin(outer, sorted, limit, subtotals?.[outer] ?? []);
  return {
    by,
    sort,
    groups: cut.flatMap(({ shown }) => shown),
    others: cut.flatMap(({ others }) => others),
    subtotals: cut.flatMap(({ subtotal }) => subtotal ?? []),
  };
}

/** Groups that are shown, and the sum of those that are not. */
interface Cut {
  readonly shown: readonly UsageGroup[];
  readonly others: readonly OtherGroups[];
  readonly subtotal?: Subtotal | undefined;
}

/** Of two keys, the one whose values have the groups under them; none where an amount ranks them all. */
function outerKey(by: readonly GroupKey[], sort: SortKey | undefined): GroupKey | undefined {
  const [first, second] = by;
  if (second === undefined) return undefined;
  const [time, ...moreTimes] = by.filter(isTimeKey);
  if (isInOrderOfTime(by, sort)) return moreTimes.length > 0 ? undefined : time;
  return sort === undefined ? first : undefined;
}

/** By themselves groups come in the order of time, whichever key that is. */
function isInOrderOfTime(by: readonly GroupKey[], sort: SortKey | undefined): boolean {
  return sort === undefined ? by.some(isTimeKey) : sort === "name" && startsWithTime(by);
}

/** The first groups of each value of a key. Of its values, times stay, else those that cost most. */
function cutWithin(
  outer: GroupKey,
  groups: readonly UsageGroup[],
  limit: number,
  subtotals: readonly UsageGroup[],
): readonly Cut[] {
  const byValue = Map.groupBy(groups, (group) => group[outer]);
  const ofValue = new Map(subtotals.map((subtotal) => [subtotal[outer], subtotal]));
  const values = Array.from(byValue, ([value, some]) => ({
    some,
    shared: { [outer]: value },
    usage: ofValue.get(value) ?? sumUsage(some),
  }));
  const ranked = isTimeKey(outer) ? values : values.toSorted((a, b) => b.usage.costUsd - a.usage.costUsd);
  const shown = isTimeKey(outer) ? ranked : ranked.slice(0, limit);
  const cut = shown.map(({ some, shared, usage }): Cut => {
    const first = keepFirst(some, limit, shared);
    const after = first.shown.at(-1);
    return some.length > 1 && after !== undefined ? { ...first, subtotal: { usage, shared, after } } : first;
  });
  const hidden = ranked.slice(shown.length);
  const place = { areEarlier: false, shared: {}, after: cut.at(-1)?.shown.at(-1) };
  const sum = sumUsage(hidden.map(({ usage }) => usage));
  return hidden.length === 0
    ? cut
    : [...cut, { shown: [], others: [{ count: hidden.length, usage: sum, ...place }] }];
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

/** 0 if one of them is not a day, which another program may have stored. */
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
  const amount = amountOf(sort);
  return (first, second) => amount(second) - amount(first) || compareNames(by, first, second);
}

/** Reads the amount that groups are sorted by; by name, what they cost. */
export function amountOf(sort: SortKey): (usage: Usage) => number {
  return AMOUNTS[sort === "name" ? "cost" : sort];
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
export function sumUsage(groups: readonly Usage[]): Usage {
  const tally = new UsageTally(groups.some(({ usedIn }) => usedIn !== undefined));
  for (const usage of groups) tally.add(usage);
  return tally.usage;
}
