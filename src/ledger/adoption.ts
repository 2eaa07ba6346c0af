import { type CompiledQuery, expressionBuilder, sql } from "kysely";
import type { Connection } from "./connection";
import { executionUsage } from "./execution-usage";
import { builder, onUse } from "./kysely";
import { addedLabelUsage, type LabelWords } from "./label-usage";
import { LABEL_KEYS, LABEL_SUMS, type LedgerSchema, USAGE_KEYS, USAGE_SUMS } from "./schema";
import { addingUp } from "./statements";

// A program of the earlier one-table design may keep inserting into a ledger. It knows nothing of `execution_id`
// and `usage_daily`, so its rows are adopted when the ledger is opened, and again before each purge.

const SELECT_UNADOPTED: CompiledQuery<{ id: number }> = builder
  .selectFrom("executions")
  .select("id")
  .where("execution_id", "is", null)
  .limit(1)
  .compile();

export function hasUnadoptedRows(connection: Connection): boolean {
  return connection.all(SELECT_UNADOPTED).length > 0;
}

/** Sums the rows without an id and gives them one. Call it inside a transaction. */
export function adoptRows(connection: Connection): void {
  if (!hasUnadoptedRows(connection)) return;
  connection.run(addUsage(unadoptedUsage()));
  connection.run(identifyUnadopted());
}

const row = expressionBuilder<LedgerSchema, "executions">();

// The earlier design could not say "unknown": 0 meant not reported.
const HAS_NO_USAGE = row.and([
  row("input_tokens", "=", 0),
  row("output_tokens", "=", 0),
  row("cache_read_tokens", "=", 0),
  row("cache_creation_tokens", "=", 0),
]);
const HAS_NO_COST = row("cost_usd", "=", 0);

/** The `usage_source` of a row of the earlier design. */
export const ADOPTED_USAGE_SOURCE = row
  .case()
  .when(HAS_NO_USAGE)
  .then("unknown" as const)
  .else("reported" as const)
  .end();
/** The `cost_source` of a row of the earlier design. */
export const ADOPTED_COST_SOURCE = row
  .case()
  .when(HAS_NO_COST)
  .then("unknown" as const)
  .else("reported" as const)
  .end();

// Created on use: they are large and rarely needed, and every report loads this file.

/** The rows without an id, summed as `usage_daily` sums. */
export function unadoptedUsage() {
  return usageOf().where("execution_id", "is", null);
}

/** Rebuilds a lost `usage_daily` from all rows that have an id. The sums of purged rows can't be recovered. */
export function addAdoptedUsage(): CompiledQuery {
  return addUsage(usageOf("execution_models").where("execution_id", "is not", null));
}

/** What sums by label are made of. */
export const LABEL_WORDS: LabelWords = {
  day: sql<string>`substr(created_at, 1, 10)`,
  sum: (name) => sql<number>`sum(${sql.ref(name)})`,
};

/** The same for `usage_daily_labels`. Rows of an older program have no labels. */
export function addAdoptedLabelUsage(): CompiledQuery {
  return builder
    .insertInto("usage_daily_labels")
    .columns([...LABEL_KEYS, ...LABEL_SUMS])
    .expression(
      addedLabelUsage(
        { executions: "executions", models: "execution_models", engine: "sqlite" },
        LABEL_WORDS,
      ),
    )
    .compile();
}

const identifyUnadopted = onUse(() =>
  builder
    .updateTable("executions")
    .set({
      execution_id: row.fn<string>("lower", [row.fn("hex", [row.fn("randomblob", [row.lit(16)])])]),
      usage_source: ADOPTED_USAGE_SOURCE,
      cost_source: ADOPTED_COST_SOURCE,
    })
    .where("execution_id", "is", null)
    .compile(),
);

function usageOf(models?: "execution_models") {
  return builder
    .selectFrom(executionUsage({ executions: "executions", models, engine: "sqlite" }))
    .select((usage) => [
      usage.fn<string>("substr", ["created_at", usage.lit(1), usage.lit(10)]).as("day"),
      "repo",
      "event_type",
      "provider",
      "model",
      "conclusion",
      ...USAGE_SUMS.map((sum) => usage.fn.sum<number>(sum).as(sum)),
    ])
    .groupBy(USAGE_KEYS);
}

function addUsage(usage: ReturnType<typeof usageOf>): CompiledQuery {
  return addingUp(
    builder
      .insertInto("usage_daily")
      .columns([...USAGE_KEYS, ...USAGE_SUMS])
      .expression(usage),
  ).compile();
}
