import { type ExpressionBuilder, type Kysely, type SqlBool, sql } from "kysely";
import { executionUsage } from "../ledger/execution-usage";
import { wrongLabelUsage } from "../ledger/label-usage";
import { USAGE_KEYS, USAGE_SUMS } from "../ledger/schema";
import { dayOf } from "../record/time";
import { EXECUTIONS_DAY, EXECUTIONS_SUMS, LABEL_WORDS } from "./execution-sums";
import type { PostgresSchema } from "./schema";

/** Tolerance: sums of fractions depend on the order of addition. */
const TOLERANCE = 1e-9;
const KEYS = ["ledger_id", ...USAGE_KEYS] as const;
/** No day is before it. */
const FIRST_DAY = "0001-01-01";

/**
 * The days on which `usage_daily` or `usage_daily_labels` differs from the sums of the executions in a PostgreSQL
 * ledger. Days up to the last purge can't be compared and are skipped. Reads all executions.
 */
export async function daysWithWrongSums(db: Kysely<PostgresSchema>): Promise<string[]> {
  const purged = await db
    .selectFrom("ledger")
    .select("value")
    .where("key", "=", "purged_before")
    .executeTakeFirst();
  const lastPurgedDay = purged === undefined ? FIRST_DAY : dayOf(purged.value);
  const wrong = await db
    .with("added", (query) =>
      query
        .selectFrom(
          executionUsage({ executions: "executions", models: "execution_models", engine: "postgresql" }),
        )
        .select(["ledger_id", EXECUTIONS_DAY, "repo", "event_type", "provider", "model", "conclusion"])
        .select(EXECUTIONS_SUMS)
        .where(
          sql<boolean>`created_at >= (${lastPurgedDay}::timestamp + interval '1 day') at time zone 'UTC'`,
        )
        .groupBy(KEYS),
    )
    .with("kept", (query) => query.selectFrom("usage_daily").selectAll().where("day", ">", lastPurgedDay))
    .selectFrom("kept")
    .fullJoin("added", (join) => KEYS.reduce((on, key) => on.onRef(`kept.${key}`, "=", `added.${key}`), join))
    .select(({ fn }) => fn.coalesce("kept.day", "added.day").as("day"))
    .distinct()
    .where((row) => row.or(USAGE_SUMS.map((column) => isWrong(row, column))))
    .orderBy("day")
    .execute();
  const afterPurge = sql<SqlBool>`created_at >= (${lastPurgedDay}::timestamp + interval '1 day') at time zone 'UTC'`;
  const wrongLabels = wrongLabelUsage("postgresql", LABEL_WORDS, {
    ofSums: sql<SqlBool>`day > ${lastPurgedDay}`,
    ofExecutions: afterPurge,
  });
  const byLabel = await db.selectFrom(wrongLabels).select("day").distinct().execute();
  return [...new Set([...wrong, ...byLabel].map(({ day }) => String(day)))].sort();
}

function isWrong(
  // biome-ignore lint/suspicious/noExplicitAny: the tables of the query above have no nameable type.
  row: ExpressionBuilder<any, any>,
  column: (typeof USAGE_SUMS)[number],
) {
  const kept = row.fn.coalesce(`kept.${column}`, row.lit(0));
  const added = row.fn.coalesce(`added.${column}`, row.lit(0));
  return sql<boolean>`abs(${kept} - ${added}) > ${sql.lit(TOLERANCE)} * (1 + abs(${kept}))`;
}
