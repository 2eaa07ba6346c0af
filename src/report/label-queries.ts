import { expressionBuilder, type Kysely, sql } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { OTHER_VALUES } from "../ledger/statements";
import { type Condition, includesNone, matches, onDaysIn, type Span } from "./conditions";
import type { ResolvedFilter } from "./filter";
import { keyOfLabel, NONE } from "./labels";
import { type Columns, readDays, type UsageRow } from "./usage-queries";
import { LABEL_SUMS } from "./usage-sums";
import type { UsageSums } from "./usage-tally";

const row = expressionBuilder<LedgerSchema, "usage_daily_labels">();
const EVERY: Condition = sql`1 = 1`;

/** Reads the usage of whole UTC days from the sums of one label: of the values that a filter asks for, and of none. */
export async function readLabelDays(
  db: Kysely<LedgerSchema>,
  days: Span,
  label: string,
  { labels = {} }: ResolvedFilter,
  columns: Columns,
): Promise<UsageRow[]> {
  const pattern = labels[label];
  const hasValue = row.and(matches(row.ref("value"), pattern));
  const withLabel = await readValues(db, days, label, hasValue, columns);
  if (pattern !== undefined && !includesNone(pattern)) return withLabel;
  const key = keyOfLabel(label);
  const beside = { ...columns, names: columns.names.filter((name) => name !== key) };
  const all = await readDays(db, days, EVERY, beside);
  const without = difference(all, await readValues(db, days, label, EVERY, beside));
  const isByLabel = columns.names.includes(key);
  return [...withLabel, ...(isByLabel ? without.map((usage) => ({ ...usage, [key]: NONE })) : without)];
}

/** On how many of some UTC days a label had more values than are summed by themselves. */
export async function crowdedDays(db: Kysely<LedgerSchema>, days: Span, label: string): Promise<number> {
  const { crowded } = await db
    .selectFrom("usage_daily_labels")
    .select(({ fn }) => fn.count<number>("day").distinct().as("crowded"))
    .where("label", "=", label)
    .where(onDaysIn(days))
    .where("value", "=", OTHER_VALUES)
    .executeTakeFirstOrThrow();
  return crowded;
}

function readValues(
  db: Kysely<LedgerSchema>,
  days: Span,
  label: string,
  hasValue: Condition,
  { names, timeLength }: Columns,
): Promise<UsageRow[]> {
  const keys = [
    ...names.map((name) => ({ column: name === "ledger" ? "ledger_id" : "value", name })),
    ...(timeLength === undefined ? [] : [{ column: "day", name: "time" }]),
  ];
  return db
    .selectFrom("usage_daily_labels")
    .select([...LABEL_SUMS, ...keys.map(({ column, name }) => sql.ref<string>(column).as(name))])
    .where("label", "=", label)
    .where(onDaysIn(days))
    .where(hasValue)
    .$if(keys.length > 0, (query) => query.groupBy(keys.map(({ column }) => sql.ref(column))))
    .$castTo<UsageRow>()
    .execute();
}

/** Of the same ledger and day, what all have more than those with the label. */
function difference(all: readonly UsageRow[], some: readonly UsageRow[]): readonly UsageRow[] {
  const keyOf = ({ ledger = "", time = "" }: UsageRow) => `${time} ${ledger}`;
  const byKey = new Map(some.map((usage) => [keyOf(usage), usage]));
  return all.flatMap((usage) => {
    const taken = byKey.get(keyOf(usage));
    const left = taken === undefined ? usage : { ...usage, ...less(usage, taken) };
    return left.executions === 0 ? [] : left;
  });
}

/** Sums of fractions differ by the order of addition: what is left of that is nothing. */
const TOLERANCE = 1e-11;

function less(all: UsageSums, some: UsageSums): UsageSums {
  const exact = (name: keyof UsageSums) => (all[name] ?? 0) - (some[name] ?? 0);
  const usd = (name: "costUsd" | "failedCostUsd" | "estimatedCostUsd") =>
    Math.abs(exact(name)) <= TOLERANCE * all.costUsd ? 0 : exact(name);
  return {
    executions: exact("executions"),
    failures: exact("failures"),
    inputTokens: exact("inputTokens"),
    outputTokens: exact("outputTokens"),
    cacheReadTokens: exact("cacheReadTokens"),
    cacheCreationTokens: exact("cacheCreationTokens"),
    numTurns: exact("numTurns"),
    costUsd: usd("costUsd"),
    failedCostUsd: usd("failedCostUsd"),
    estimatedCostUsd: usd("estimatedCostUsd"),
    withoutCost: exact("withoutCost"),
    withoutUsage: exact("withoutUsage"),
    withoutDuration: exact("withoutDuration"),
    withoutTurns: exact("withoutTurns"),
    durationMs: exact("durationMs"),
    usedIn: exact("executions"),
  };
}
