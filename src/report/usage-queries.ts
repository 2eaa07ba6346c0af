import { expressionBuilder, type Kysely, type RawBuilder, sql } from "kysely";
import { executionUsage, type UsageSource } from "../ledger/execution-usage";
import { type LedgerSchema, USAGE_KEYS } from "../ledger/schema";
import { type Condition, completedIn, onDaysIn, type Span } from "./conditions";
import { unindexed } from "./database/dialect";
import { labelColumn } from "./label-column";
import { isLabelKey, labelOf, NONE } from "./labels";
import { PULL_REQUEST_NAME } from "./pull-request";
import type { GroupKey, LabelKey } from "./types";
import { SUMS, selected } from "./usage-sums";
import type { UsageSums } from "./usage-tally";

/** The group keys that are columns of the daily sums, with their columns. */
export const NAME_COLUMNS = {
  repo: "repo",
  model: "model",
  provider: "provider",
  eventType: "event_type",
  conclusion: "conclusion",
  // Only in PostgreSQL.
  ledger: "ledger_id",
} as const satisfies { [Key in GroupKey]?: string };

/** The group keys that only executions have: they have too many values for sums. */
const ROW_KEYS = {
  pr: sql<string>`coalesce(${PULL_REQUEST_NAME}, ${sql.lit(NONE)})`,
  session: sql<string>`coalesce(session_id, ${sql.lit(NONE)})`,
} as const satisfies { [Key in GroupKey]?: RawBuilder<string> };
type RowKey = keyof typeof ROW_KEYS;

export function isRowKey(key: GroupKey): key is RowKey {
  return key in ROW_KEYS;
}

type ColumnKey = keyof typeof NAME_COLUMNS;
export type NameKey = ColumnKey | RowKey | LabelKey;

export function isNameKey(key: GroupKey): key is NameKey {
  return isColumnKey(key) || isRowKey(key) || isLabelKey(key);
}

function isColumnKey(key: GroupKey): key is ColumnKey {
  return key in NAME_COLUMNS;
}

/** What rows are grouped by. */
export interface Columns {
  readonly names: readonly NameKey[];
  /** By this many leading characters of a stored time; `undefined`: not by time. */
  readonly timeLength: number | undefined;
  /** Which sums to read; default all. */
  readonly only?: readonly (keyof UsageSums)[] | undefined;
  /** Only this many rows, the costliest; default all. */
  readonly costliest?: number | undefined;
}

/** Whose usage a row is. */
export interface UsageKeys extends Partial<Record<NameKey, string>> {
  /** The beginning of a stored time. */
  readonly time?: string;
}
export type UsageRow = UsageKeys & Partial<UsageSums>;

const execution = expressionBuilder<LedgerSchema, "executions">();

/** Reads the usage of whole UTC days from their sums. */
export function readDays(
  db: Kysely<LedgerSchema>,
  days: Span,
  hasNames: Condition,
  { names, timeLength, only }: Columns,
): Promise<UsageRow[]> {
  const columns = names.filter(isColumnKey).map((name) => NAME_COLUMNS[name]);
  const keys = timeLength === undefined ? columns : inStoredOrder(columns);
  return db
    .selectFrom("usage_daily")
    .select([...selected(SUMS, only), ...namesOf(names)])
    .$if(timeLength !== undefined, (query) => query.select("day as time"))
    .where(onDaysIn(days))
    .where(hasNames)
    .$if(keys.length > 0, (query) => query.groupBy(keys.map((key) => sql.ref(key))))
    .$castTo<UsageRow>()
    .execute();
}

/** Reads the usage of a span from its executions: from all of them, or only from those not in the sums yet. */
export function readExecutions(
  db: Kysely<LedgerSchema>,
  span: Span,
  hasNames: Condition,
  { names, timeLength, only, costliest }: Columns,
  which: "all" | "unadopted",
  source: UsageSource,
): Promise<UsageRow[]> {
  const time = timeLength === undefined ? [] : [beginningOf("created_at", timeLength)];
  const keys = [
    ...names.map((name) => (isColumnKey(name) ? unindexed(NAME_COLUMNS[name]) : expressionOf(name))),
    ...time,
  ];
  return db
    .selectFrom(executionUsage(source))
    .select([...selected(SUMS, only), ...namesOf(names), ...time.map((prefix) => prefix.as("time"))])
    .where(completedIn(span))
    .where(hasNames)
    .$if(which === "unadopted", (query) => query.where("execution_id", "is", null))
    .$if(keys.length > 0, (query) => query.groupBy(keys))
    .$castTo<UsageRow>()
    .$if(costliest !== undefined, (query) =>
      names
        .reduce((sorted, name) => sorted.orderBy(sql.ref(name)), query.orderBy(sql.ref("costUsd"), "desc"))
        .limit(costliest ?? 0),
    )
    .execute();
}

/**
 * Grouped by day and by the leading columns of its key, the table need not be sorted. A single column
 * late in the key would split its groups into many rows: sorting then costs less.
 */
function inStoredOrder(columns: readonly (typeof NAME_COLUMNS)[keyof typeof NAME_COLUMNS][]) {
  const last = USAGE_KEYS.findLastIndex((key) => key === "day" || columns.some((column) => column === key));
  if (columns.length === 1 && last > USAGE_KEYS.indexOf("event_type")) return ["day", ...columns] as const;
  return [...USAGE_KEYS.slice(0, last + 1), ...columns.filter((column) => column === "ledger_id")];
}

/** Names by their keys. */
export function namesOf(names: readonly NameKey[]) {
  return names.map((name) => expressionOf(name).as(name));
}

function expressionOf(name: NameKey): RawBuilder<string> {
  if (isColumnKey(name)) return sql.ref(NAME_COLUMNS[name]);
  if (isRowKey(name)) return ROW_KEYS[name];
  return sql`coalesce(${labelColumn(labelOf(name))}, ${sql.lit(NONE)})`;
}

function beginningOf(column: "created_at", length: number) {
  return execution.fn<string>("substr", [column, execution.lit(1), execution.lit(length)]);
}
