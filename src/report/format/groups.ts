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
  /** Default: all. With a time and another key, the limit applies to each time, unless an amount ranks all groups. */
  readonly limit?: number | undefined;
  /** For a report with two keys: adds a row of sums under each value of the outer key. */
  readonly subtotals?: UsageReport["subtotals"];
}

/** Groups in the order in which they are shown, and the sums of those that are not shown. */
export interface GroupTable {
  readonly by: readonly GroupKey[];
  /** What they are sorted by, if `--sort` was given. */
  readonly sort?: SortKey | undefined;
  readonly groups: readonly UsageGroup[];
  readonly others: readonly OtherGroups[];
  readonly subtotals: readonly Subtotal[];
}

/** The sums of all groups with the same value of the outer key. */
export interface Subtotal {
  readonly usage: Usage;
  readonly shared: OtherGroups["shared"];
  /** The last of these groups that is shown. */
  readonly after: UsageGroup;
}

/** Groups that are shown together in one row. */
export interface OtherGroups {
  readonly count: number;
  readonly usage: Usage;
  /** Whether they are earlier than the groups that are shown. */
  readonly areEarlier: boolean;
  /** The keys that all of them share: their time, if each time has its own row of others. */
  readonly shared: { readonly [Key in GroupKey]?: string | undefined };
  /** The group after which their row comes; `undefined`: before all groups. */
  readonly after: UsageGroup | undefined;
}

/**
 * Sorts groups and cuts them to the limit. If all keys are times, the latest groups stay. With two keys, groups are
 * listed under each value of the outer key, which is the time if there is one, and the first groups of each value stay:
 * the costliest ones of an old month matter as much as those of the latest. Sorting by an amount ranks all groups
 * together.
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

/** The groups that are shown, and the sum of the others. */
interface Cut {
  readonly shown: readonly UsageGroup[];
  readonly others: readonly OtherGroups[];
  readonly subtotal?: Subtotal | undefined;
}

/** The key whose values have groups listed under them; none if an amount ranks all groups. */
function outerKey(by: readonly GroupKey[], sort: SortKey | undefined): GroupKey | undefined {
  const [first, second] = by;
  if (second === undefined) return undefined;
  const [time, ...moreTimes] = by.filter(isTimeKey);
  if (isInOrderOfTime(by, sort)) return moreTimes.length > 0 ? undefined : time;
  return sort === undefined ? first : undefined;
}

/** Without `sort`, groups are in order of time, whichever key the time is. */
function isInOrderOfTime(by: readonly GroupKey[], sort: SortKey | undefined): boolean {
  return sort === undefined ? by.some(isTimeKey) : sort === "name" && startsWithTime(by);
}

/** The first groups of each value of the outer key. All values stay if it is a time, otherwise the costliest. */
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
 * Adds a row of zeros for each day without executions between two days, so that neighbouring bars are adjacent days.
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

/** All tokens, of every kind. */
export function tokensOf(usage: Usage): number {
  return usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheCreationTokens;
}

/** 0 if one of them is not a day: another program may have stored it. */
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

/** Reads the amount by which groups are sorted; for sorting by name, the cost. */
export function amountOf(sort: SortKey): (usage: Usage) => number {
  return AMOUNTS[sort === "name" ? "cost" : sort];
}

/** Unknown amounts come last. */
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

/** Compares code units, so that the order is the same in every locale. */
function compareNames(by: readonly GroupKey[], first: UsageGroup, second: UsageGroup): number {
  for (const key of by) {
    const [one = "", other = ""] = [first[key], second[key]];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** Without percentiles: those of several groups together can't be computed from those of each. */
export function sumUsage(groups: readonly Usage[]): Usage {
  const tally = new UsageTally(groups.some(({ usedIn }) => usedIn !== undefined));
  for (const usage of groups) tally.add(usage);
  return tally.usage;
}
