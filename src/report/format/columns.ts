import { isLabelKey, labelOf } from "../labels";
import { isTimeKey } from "../periods";
import type { GroupKey, LabelKey, Usage, UsageGroup } from "../types";
import { type GroupTable, type OtherGroups, tokensOf } from "./groups";
import type { TableColumn } from "./table";
import { formatCount, formatDuration, formatShare, formatUsd, usdColumn } from "./values";

/** A row of a report's table. */
export interface UsageRow {
  /** One per key of the table. */
  readonly names: readonly string[];
  readonly usage: Usage;
}

/** Shown for an unknown value: unknown is not zero. */
export const UNKNOWN = "–";

/** Shown after a day that cost unusually much. */
const UNUSUAL = " !";

/** The rows of a table, including those that add up groups. */
export function usageRows({ by, groups, others, subtotals }: GroupTable): readonly UsageRow[] {
  const othersByPlace = Map.groupBy(others, ({ after }) => after);
  const subtotalByPlace = new Map(subtotals.map((subtotal) => [subtotal.after, subtotal]));
  const othersAfter = (place: UsageGroup | undefined, areOfOneValue: boolean): readonly UsageRow[] =>
    (othersByPlace.get(place) ?? [])
      .filter(({ shared }) => areOfOneValue === isShared(shared))
      .map((some) => ({ names: namesOfSum(by, some.shared, nameOf(some)), usage: some.usage }));
  const rows = groups.flatMap((group) => {
    const subtotal = subtotalByPlace.get(group);
    return [
      { names: by.map((key) => `${group[key] ?? ""}${group.unusual ? UNUSUAL : ""}`), usage: group },
      ...othersAfter(group, true),
      ...(subtotal === undefined
        ? []
        : [{ names: namesOfSum(by, subtotal.shared, "total"), usage: subtotal.usage }]),
      ...othersAfter(group, false),
    ];
  });
  return [...othersAfter(undefined, true), ...othersAfter(undefined, false), ...rows];
}

function isShared(shared: OtherGroups["shared"]): boolean {
  return Object.keys(shared).length > 0;
}

/** The names of a row that adds up groups: the value that they share, and what the row is. */
function namesOfSum(by: readonly GroupKey[], shared: OtherGroups["shared"], name: string): readonly string[] {
  const place = by.findIndex((key) => shared[key] === undefined);
  return by.map((key, index) => (index === place ? name : (shared[key] ?? "")));
}

function nameOf({ count, areEarlier }: OtherGroups): string {
  if (areEarlier) return `${formatCount(count)} earlier`;
  return count === 1 ? "1 other" : `${formatCount(count)} others`;
}

/** The columns of a table's keys. Names may be wrapped, times may not. */
export function keyColumns(by: readonly GroupKey[]): readonly TableColumn<UsageRow>[] {
  return by.map((key, index) => ({
    header: headerOf(key),
    text: ({ names }) => names[index] ?? "",
    canWrap: !isTimeKey(key),
  }));
}

/** The header of a key; for a label, the label's name. */
export function headerOf(key: GroupKey): string {
  return isLabelKey(key) ? labelOf(key) : KEY_HEADERS[key];
}

const KEY_HEADERS = {
  day: "day",
  week: "week",
  month: "month",
  repo: "repo",
  model: "model",
  provider: "provider",
  eventType: "event type",
  conclusion: "conclusion",
  pr: "pull request",
  session: "session",
  ledger: "ledger",
} as const satisfies Record<Exclude<GroupKey, LabelKey>, string>;

/** All columns that a table can have besides its keys; amounts of money have the same decimals in all rows. */
export const USAGE_COLUMNS = {
  executions: numbers("executions", ({ executions }) => formatCount(executions)),
  usedIn: numbers("used in", ({ executions, usedIn = executions }) => formatCount(usedIn)),
  failures: numbers("failed", ({ failures }) => formatCount(failures)),
  failureRate: numbers("rate", ({ failureRate }) => orUnknown(failureRate, formatShare)),
  tokens: numbers("tokens", (usage) => tokenCount(usage, tokensOf(usage))),
  input: numbers("input", (usage) => tokenCount(usage, usage.inputTokens)),
  output: numbers("output", (usage) => tokenCount(usage, usage.outputTokens)),
  cacheRead: numbers("cache read", (usage) => tokenCount(usage, usage.cacheReadTokens)),
  cacheWrite: numbers("cache write", (usage) => tokenCount(usage, usage.cacheCreationTokens)),
  cacheHits: numbers("cache hits", ({ cacheHitShare }) => orUnknown(cacheHitShare, formatShare)),
  turns: numbers("turns", (usage) => (areTurnsKnown(usage) ? formatCount(usage.numTurns) : UNKNOWN)),
  cost: money("cost USD", ({ costUsd }) => costUsd),
  costEach: money("USD each", ({ costPerExecutionUsd }) => costPerExecutionUsd),
  average: numbers("average", ({ averageDurationMs }) => duration(averageDurationMs)),
  p50: numbers("p50", ({ p50DurationMs }) => duration(p50DurationMs)),
  p95: numbers("p95", ({ p95DurationMs }) => duration(p95DurationMs)),
  p99: numbers("p99", ({ p99DurationMs }) => duration(p99DurationMs)),
} as const satisfies Record<string, ColumnOf>;

/** The name of one of {@link USAGE_COLUMNS}. */
export type UsageColumnName = keyof typeof USAGE_COLUMNS;

/** Makes a column for the rows of a table. */
type ColumnOf = (rows: readonly UsageRow[]) => TableColumn<UsageRow>;

function numbers(header: string, text: (usage: Usage) => string): ColumnOf {
  return () => ({ header, text: ({ usage }) => text(usage), align: "right" });
}

function money(header: string, amountOf: (usage: Usage) => number | null): ColumnOf {
  return (rows) => {
    const format = usdColumn(rows.map(({ usage }) => amountOf(usage) ?? 0));
    return { header, text: ({ usage }) => cost(usage, amountOf(usage), format), align: "right" };
  };
}

/** A token count; unknown if no execution has one. */
export function tokenCount({ executions, usedIn = executions, withoutUsage }: Usage, count: number): string {
  return count === 0 && usedIn > 0 && withoutUsage === usedIn ? UNKNOWN : formatCount(count);
}

/** US dollars; unknown if no execution has a cost. */
export function cost(
  { executions, usedIn = executions, withoutCost, costUsd }: Usage,
  usd: number | null,
  format = formatUsd,
): string {
  return costUsd === 0 && usedIn > 0 && withoutCost === usedIn ? UNKNOWN : orUnknown(usd, format);
}

/** Whether the number of turns of any execution is known. */
export function areTurnsKnown({ executions, withoutTurns }: Usage): boolean {
  return executions === 0 || withoutTurns < executions;
}

export function duration(ms: number | null): string {
  return orUnknown(ms, formatDuration);
}

/** A value as text, if there is one. */
export function orUnknown(value: number | null, format: (value: number) => string): string {
  return value === null ? UNKNOWN : format(value);
}
