import { type Kysely, type SqlBool, sql } from "kysely";
import { LABEL_WORDS } from "../ledger/adoption";
import { executionUsage } from "../ledger/execution-usage";
import { wrongLabelUsage } from "../ledger/label-usage";
import { type LedgerSchema, USAGE_SUMS } from "../ledger/schema";
import { dayOf } from "../record/time";
import type { Ledger } from "../report/database/ledger";

/** Sums of fractions differ slightly, depending on the order of addition. */
const TOLERANCE = 1e-9;
/** The columns that identify a sum within a day. */
const NAMES = ["repo", "event_type", "provider", "model", "conclusion"] as const;
/** A day followed by this is greater than any text that begins with the day. */
const LAST_CHARACTER = "\u{10ffff}";

/**
 * Compares `usage_daily` and `usage_daily_labels` with the executions, day by day, each in one short read. It starts
 * after the last purge, because the executions of earlier days are gone.
 */
export async function daysWithWrongSums({ db }: Ledger): Promise<{ checked: number; wrong: string[] }> {
  const purged = await db
    .selectFrom("ledger")
    .select("value")
    .where("key", "=", "purged_before")
    .executeTakeFirst();
  const labels = (await db.selectFrom("usage_daily_labels").select("label").distinct().execute()).map(
    ({ label }) => label,
  );
  const wrong: string[] = [];
  let checked = 0;
  let day = await dayAfter(db, dayOf(purged?.value ?? ""));
  for (; day !== undefined; day = await dayAfter(db, day)) {
    checked += 1;
    if ((await isWrong(db, day)) || (await isWrongByLabel(db, day, labels))) wrong.push(day);
  }
  return { checked, wrong };
}

/** The first day after this one that has sums or executions. */
async function dayAfter(db: Kysely<LedgerSchema>, day: string): Promise<string | undefined> {
  const { summed } = await db
    .selectFrom("usage_daily")
    .select(({ fn }) => fn.min<string | null>("day").as("summed"))
    .where("day", ">", day)
    .executeTakeFirstOrThrow();
  const { completed } = await db
    .selectFrom("executions")
    .select(({ fn }) => fn.min<string | null>("created_at").as("completed"))
    .where("created_at", ">", day + LAST_CHARACTER)
    .where("execution_id", "is not", null)
    .executeTakeFirstOrThrow();
  const days = [summed, completed].flatMap((text) => (text === null ? [] : [dayOf(text)]));
  return days.sort()[0];
}

/** Whether a day's sums minus its executions leave anything. It is one statement, so that it sees one state. */
async function isWrong(db: Kysely<LedgerSchema>, day: string): Promise<boolean> {
  const sums = db
    .selectFrom("usage_daily")
    .select([...NAMES, ...USAGE_SUMS])
    .where("day", "=", day);
  const difference = sums.unionAll(negativeSums(db, day)).as("difference");
  const left = await db
    .selectFrom(difference)
    .select("repo")
    .groupBy(NAMES)
    .having(({ fn, or, eb }) =>
      or(
        USAGE_SUMS.map((sum) =>
          eb(
            fn<number>("abs", [fn<number>("total", [sum])]),
            ">",
            eb(fn<number>("total", [fn<number>("abs", [sum])]), "*", TOLERANCE),
          ),
        ),
      ),
    )
    .limit(1)
    .execute();
  return left.length > 0;
}

async function isWrongByLabel(
  db: Kysely<LedgerSchema>,
  day: string,
  labels: readonly string[],
): Promise<boolean> {
  if (labels.length === 0) return false;
  const ofLabels = sql<SqlBool>`label in (${sql.join(labels)})`;
  const wrong = wrongLabelUsage("sqlite", LABEL_WORDS, {
    ofSums: sql<SqlBool>`day = ${day} and ${ofLabels}`,
    ofExecutions: sql<SqlBool>`created_at >= ${day} and created_at < ${day + LAST_CHARACTER} and ${ofLabels}`,
  });
  return (await db.selectFrom(wrong).select("day").limit(1).execute()).length > 0;
}

/** The negated totals of a day's executions, without rows that were not adopted yet: those are in no sum. */
function negativeSums(db: Kysely<LedgerSchema>, day: string) {
  return db
    .selectFrom(executionUsage({ executions: "executions", models: "execution_models", engine: "sqlite" }))
    .select(NAMES)
    .select(({ fn, neg }) => USAGE_SUMS.map((sum) => neg(fn<number>("total", [sum])).as(sum)))
    .where("created_at", ">=", day)
    .where("created_at", "<", day + LAST_CHARACTER)
    .where("execution_id", "is not", null)
    .groupBy(NAMES);
}
