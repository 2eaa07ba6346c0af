import { isTimeKey, periodsOf } from "./periods";
import type { GroupKey, UsageGroup } from "./types";
import type { NameKey } from "./usage-queries";
import { UsageTally } from "./usage-tally";

type Names = Readonly<Partial<Record<NameKey, string>>>;

/** Usage per value of one key, nested by the values of the next key. */
class Group {
  readonly tally: UsageTally;
  readonly members = new Map<string, Group>();

  constructor(isByModel: boolean) {
    this.tally = new UsageTally(isByModel);
  }
}

/** Adds up usage by some keys, or without keys all of it together. */
export class Grouping {
  readonly by: readonly GroupKey[];
  readonly #all: Group;
  readonly #isByModel: boolean;
  readonly #values: readonly ((names: Names, time: string) => string)[];

  constructor(by: readonly GroupKey[], timeZone: string) {
    this.by = by;
    this.#isByModel = by.includes("model");
    this.#all = new Group(this.#isByModel);
    this.#values = by.map((key) => valuesOf(key, timeZone));
  }

  /** The tally for these names, and for a time that begins with this text. */
  tallyOf(names: Names, time: string): UsageTally {
    let group = this.#all;
    for (const read of this.#values) {
      const value = read(names, time);
      let member = group.members.get(value);
      if (member === undefined) {
        member = new Group(this.#isByModel);
        group.members.set(value, member);
      }
      group = member;
    }
    return group.tally;
  }

  /** The same, or `undefined` if nothing was added to it. */
  find(names: Names, time: string): UsageTally | undefined {
    let group: Group | undefined = this.#all;
    for (const read of this.#values) group = group?.members.get(read(names, time));
    return group?.tally;
  }

  /** The groups: times ascending; otherwise by cost, the highest first. */
  groups(): UsageGroup[] {
    const times = this.by.filter(isTimeKey);
    return groupsOf(this.#all, this.by).sort(
      (a, b) => compareBy(times, a, b) || b.costUsd - a.costUsd || compareBy(this.by, a, b),
    );
  }
}

function valuesOf(key: GroupKey, timeZone: string): (names: Names, time: string) => string {
  if (!isTimeKey(key)) return (names) => names[key] ?? "";
  const periodOf = periodsOf(key, timeZone);
  return (_, time) => periodOf(time);
}

function groupsOf({ tally, members }: Group, [key, ...rest]: readonly GroupKey[]): UsageGroup[] {
  if (key === undefined) return [tally.usage];
  return Array.from(members, ([value, group]) =>
    groupsOf(group, rest).map((usage) => ({ [key]: value, ...usage })),
  ).flat();
}

function compareBy(keys: readonly GroupKey[], a: UsageGroup, b: UsageGroup): number {
  for (const key of keys) {
    const [left = "", right = ""] = [a[key], b[key]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
