import {
  type AliasedExpression,
  type Expression,
  expressionBuilder,
  type RawBuilder,
  type SqlBool,
  sql,
} from "kysely";
import { SUCCESSFUL_CONCLUSIONS } from "../record/failure";
import { type ExecutionUsage, executionUsage, type UsageSource } from "./execution-usage";
import { LABEL_SUMS, MOST_VALUES, OTHER_VALUES, type UsageDailyLabelsTable } from "./schema";

/** A label of an execution, and what it adds to `usage_daily_labels`, in columns of the same names. */
export type LabelUsage = Omit<UsageDailyLabelsTable, "day"> &
  Pick<ExecutionUsage, "id" | "created_at" | "execution_id" | "ledger_id">;

type Sum = (typeof LABEL_SUMS)[number];

/** The executions as `usage_daily_labels` counts them: a row for each of their labels and, of several models, each. */
export function labelUsage(source: UsageSource): AliasedExpression<LabelUsage, "label_usage"> {
  const each = source.engine === "sqlite" ? sql`json_each(usage.labels)` : sql`jsonb_each_text(usage.labels)`;
  const ofFailures = (column: "executions" | "cost_usd") =>
    sql`case when conclusion in (${sql.join(SUCCESSFUL_CONCLUSIONS.map(sql.lit))}) then 0 else ${sql.ref(column)} end`;
  return expressionBuilder<Record<never, never>, never>()
    .selectFrom([executionUsage(source), each.as<"pair">(sql.ref("pair"))])
    .selectAll("usage")
    .select([sql`pair.key`.as("label"), sql`pair.value`.as("value")])
    .select([ofFailures("executions").as("failures"), ofFailures("cost_usd").as("failed_cost_usd")])
    .$castTo<LabelUsage>()
    .as("label_usage");
}

/** The SQL of a database for what the sums by label are made from. */
export interface LabelWords {
  /** The UTC day of `created_at`. */
  readonly day: RawBuilder<string>;
  readonly sum: (column: Sum) => RawBuilder<number>;
}

/**
 * What executions add to `usage_daily_labels`, in its columns. Once a label has {@link MOST_VALUES} values on a day, new
 * values are summed together, as {@link OTHER_VALUES}.
 */
export function addedLabelUsage(source: UsageSource, words: LabelWords) {
  const ofOne = dayOfLabel(source);
  const added = usageByValue(source, words).as("added");
  const values = from
    .selectFrom("usage_daily_labels as others")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("value", "!=", OTHER_VALUES);
  const count = ofOne.reduce(
    (query, key) => query.whereRef(`others.${key}`, "=", sql.ref(`added.${key}`)),
    values,
  );
  const isNew = sql`known.label is null`;
  const placed = from
    .selectFrom(added)
    .leftJoin("usage_daily_labels as known", (join) =>
      [...ofOne, "value" as const].reduce(
        (on, key) => on.onRef(`known.${key}`, "=", sql.ref(`added.${key}`)),
        join,
      ),
    )
    .selectAll("added")
    .select(
      sql<number>`case when ${isNew} then (${count}) + row_number() over (partition by ${isNew}, ${sql.join(
        ofOne.map((key) => sql.ref(`added.${key}`)),
      )} order by added.first_id) else 0 end`.as("place"),
    )
    .as("placed");
  const value = sql<string>`case when place > ${sql.lit(MOST_VALUES)} then ${sql.lit(OTHER_VALUES)} else value end`;
  return from
    .selectFrom(placed)
    .select([...ofOne, value.as("value")])
    .select(LABEL_SUMS.map((name) => words.sum(name).as(name)))
    .groupBy([...ofOne.map((key) => sql.ref(key)), value]);
}

const from = expressionBuilder<
  { usage_daily_labels: UsageDailyLabelsTable & { readonly ledger_id: string } },
  never
>();

/** The columns by which the values of a label are counted. */
function dayOfLabel({ engine }: UsageSource) {
  return [...(engine === "postgresql" ? (["ledger_id"] as const) : []), "label", "day"] as const;
}

/** The sums of executions by value, and the first execution of each. */
function usageByValue(source: UsageSource, { day, sum }: LabelWords) {
  const keys = dayOfLabel(source).map((key) => ({ key, of: key === "day" ? day : sql.ref<string>(key) }));
  return from
    .selectFrom(labelUsage(source))
    .select([...keys.map(({ key, of }) => of.as(key)), "value"])
    .select(LABEL_SUMS.map((name) => sum(name).as(name)))
    .select(({ fn }) => fn.min<number>("id").as("first_id"))
    .groupBy([...keys.map(({ of }) => of), "value"]);
}

/** Tolerance: sums of fractions depend on the order of addition. */
const TOLERANCE = 1e-9;

/**
 * Rows of `usage_daily_labels` that are not what the executions add up to. Where a label has more values than are
 * summed by themselves, they are compared together: which of them came later was known only when they were written.
 *
 * @param where Which sums, and which executions, are compared.
 */
export function wrongLabelUsage(
  engine: UsageSource["engine"],
  words: LabelWords,
  where: { readonly ofSums: Expression<SqlBool>; readonly ofExecutions: Expression<SqlBool> },
) {
  const source = { executions: "executions", models: "execution_models", engine } as const;
  const ofOne = dayOfLabel(source);
  const kept = from
    .selectFrom("usage_daily_labels")
    .select([...ofOne, "value", ...LABEL_SUMS])
    .where(where.ofSums);
  const taken = from
    .selectFrom(usageByValue(source, words).where(where.ofExecutions).as("added"))
    .select([...ofOne, "value"])
    .select(LABEL_SUMS.map((name) => sql<number>`-${sql.ref(name)}`.as(name)));
  const crowded = from.selectFrom("usage_daily_labels").select(ofOne).where("value", "=", OTHER_VALUES);
  const ofDay = sql`(${sql.join(ofOne.map((key) => sql.ref(key)))})`;
  const value = sql<string>`case when ${ofDay} in (${crowded}) then ${sql.lit("")} else value end`;
  const compared = from
    .selectFrom(kept.unionAll(taken).as("either"))
    .select([...ofOne, ...LABEL_SUMS, value.as("value")])
    .as("compared");
  const differs = (name: Sum) =>
    sql<SqlBool>`abs(sum(${sql.ref(name)})) > ${sql.lit(TOLERANCE)} * sum(abs(${sql.ref(name)}))`;
  return from
    .selectFrom(compared)
    .select([...ofOne, "value"])
    .groupBy([...ofOne, "value"])
    .having(({ or }) => or(LABEL_SUMS.map(differs)))
    .as("wrong");
}
