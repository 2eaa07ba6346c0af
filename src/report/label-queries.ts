import { expressionBuilder, type Kysely, sql } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { OTHER_VALUES } from "../ledger/schema";
import { type Condition, includesNone, isOfLedger, matches, onDaysIn, type Span } from "./conditions";
import type { ResolvedFilter } from "./filter";
import { keyOfLabel, NONE } from "./labels";
import type { Columns, UsageRow } from "./usage-queries";
import { LABEL_SUMS, selected } from "./usage-sums";
import { UsageTally } from "./usage-tally";

const row = expressionBuilder<LedgerSchema, "usage_daily_labels">();
const EVERY: Condition = sql`1 = 1`;

/**
 * Reads the usage of whole UTC days from the sums of one label: of the values that match a filter, and of executions
 * without the label.
 *
 * @param all The usage of all executions of these days, by the same times and ledgers, and possibly by more keys.
 */
export async function readLabelDays(
  db: Kysely<LedgerSchema>,
  days: Span,
  label: string,
  { labels = {}, ledger }: ResolvedFilter,
  columns: Columns,
  all: readonly UsageRow[],
): Promise<UsageRow[]> {
  // A label may have the name of a property that every object has, such as constructor.
  const pattern = Object.hasOwn(labels, label) ? labels[label] : undefined;
  const read = (hasValue: Condition) =>
    readValues(db, days, label, row.and([hasValue, ...isOfLedger(ledger)]), columns);
  const withLabel = await read(row.and(matches(row.ref("value"), pattern)));
  if (pattern !== undefined && !includesNone(pattern)) return withLabel;
  const ofAnyValue = pattern === undefined ? withLabel : await read(EVERY);
  const without = difference(all, ofAnyValue, columns);
  const key = keyOfLabel(label);
  return [
    ...withLabel,
    ...(columns.names.includes(key) ? without.map((usage) => ({ ...usage, [key]: NONE })) : without),
  ];
}

/** The number of UTC days on which a label had so many values that the later ones share a sum. */
export async function crowdedDays(
  db: Kysely<LedgerSchema>,
  days: Span,
  label: string,
  { ledger }: ResolvedFilter,
): Promise<number> {
  const { crowded } = await db
    .selectFrom("usage_daily_labels")
    .select(({ fn }) => fn.count<number>("day").distinct().as("crowded"))
    .where("label", "=", label)
    .where(onDaysIn(days))
    .where(row.and([row("value", "=", OTHER_VALUES), ...isOfLedger(ledger)]))
    .executeTakeFirstOrThrow();
  return crowded;
}

function readValues(
  db: Kysely<LedgerSchema>,
  days: Span,
  label: string,
  hasValue: Condition,
  { names, timeLength, only }: Columns,
): Promise<UsageRow[]> {
  const keys = [
    ...names.map((name) => ({ column: name === "ledger" ? "ledger_id" : "value", name })),
    ...(timeLength === undefined ? [] : [{ column: "day", name: "time" }]),
  ];
  return db
    .selectFrom("usage_daily_labels")
    .select([
      ...selected(LABEL_SUMS, only),
      ...keys.map(({ column, name }) => sql.ref<string>(column).as(name)),
    ])
    .where("label", "=", label)
    .where(onDaysIn(days))
    .where(hasValue)
    .$if(keys.length > 0, (query) => query.groupBy(keys.map(({ column }) => sql.ref(column))))
    .$castTo<UsageRow>()
    .execute();
}

/** By ledger and day, if the columns have them: all executions minus those with the label. */
function difference(
  all: readonly UsageRow[],
  some: readonly UsageRow[],
  { names, timeLength }: Columns,
): readonly UsageRow[] {
  const placeOf = ({ ledger, time }: UsageRow) => ({
    ...(names.includes("ledger") && { ledger }),
    ...(timeLength !== undefined && { time }),
  });
  const sumsByPlace = (rows: readonly UsageRow[]) => {
    const sums = new Map<string, { readonly place: object; readonly tally: UsageTally }>();
    for (const usage of rows) {
      const place = placeOf(usage);
      const id = JSON.stringify(place);
      const known = sums.get(id) ?? { place, tally: new UsageTally() };
      known.tally.add(usage);
      sums.set(id, known);
    }
    return sums;
  };
  const taken = sumsByPlace(some);
  return Array.from(sumsByPlace(all), ([id, { place, tally }]) => ({
    ...place,
    ...tally.less(taken.get(id)?.tally),
  })).filter(({ executions }) => executions > 0);
}
