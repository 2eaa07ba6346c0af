import { type RawBuilder, sql } from "kysely";
import type { LabelWords } from "../ledger/label-usage";
import { type LABEL_SUMS, USAGE_SUMS } from "../ledger/schema";

type Sum = (typeof USAGE_SUMS)[number] | (typeof LABEL_SUMS)[number];

/** The UTC day of an execution. */
const DAY = sql<string>`to_char(created_at at time zone 'UTC', 'YYYY-MM-DD')`;
export const EXECUTIONS_DAY = DAY.as("day");
/** What `executionUsage` adds up to, in the order of {@link USAGE_SUMS}. */
export const EXECUTIONS_SUMS = USAGE_SUMS.map((sum) => totalOf(sum).as(sum));

/** The expressions that sums by label are built from. */
export const LABEL_WORDS: LabelWords = { day: DAY, sum: totalOf };

/** In PostgreSQL a sum of bigints is numeric. */
function totalOf(sum: Sum): RawBuilder<number> {
  const isFraction = sum.endsWith("cost_usd");
  return sql<number>`sum(${sql.ref(sum)})::${sql.raw(isFraction ? "double precision" : "bigint")}`;
}
