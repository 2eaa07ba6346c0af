import {
  type CompiledQuery,
  type ExpressionBuilder,
  type InsertObject,
  type InsertQueryBuilder,
  type InsertResult,
  sql,
} from "kysely";
import { toLedgerTime } from "../record/time";
import type { Incident } from "../record/types";
import { builder, onUse } from "./kysely";
import {
  EXECUTION_COLUMNS,
  type ExecutionModelRow,
  LABEL_KEYS,
  LABEL_SUMS,
  type LedgerSchema,
  MODEL_COLUMNS,
  OTHER_VALUES,
  USAGE_KEYS,
  USAGE_SUMS,
  type UsageDailyRow,
} from "./schema";

// Hot-path statements are compiled once and bound by position. The others are compiled with their values each time;
// their text never varies, so each is still prepared only once.

/** Binds {@link EXECUTION_COLUMNS}. Changes nothing when the execution is already stored. */
export const INSERT_EXECUTION: CompiledQuery = builder
  .insertInto("executions")
  .values(placeholders<"executions">(EXECUTION_COLUMNS))
  .onConflict((conflict) => conflict.column("execution_id").doNothing())
  .compile();

/** Binds an `execution_id`. */
export const deleteModels = onUse(() =>
  builder.deleteFrom("execution_models").where("execution_id", "=", "").compile(),
);

/** Binds {@link MODEL_COLUMNS}. */
export const insertModel = onUse(() =>
  builder.insertInto("execution_models").values(placeholders<"execution_models">(MODEL_COLUMNS)).compile(),
);

/** Binds {@link USAGE_KEYS}, then {@link USAGE_SUMS}. */
export const ADD_USAGE: CompiledQuery = addingUp(
  builder.insertInto("usage_daily").values(placeholders<"usage_daily">([...USAGE_KEYS, ...USAGE_SUMS])),
).compile();

/** Adds to a row of `usage_daily_labels` that is there. Binds {@link LABEL_SUMS}, then {@link LABEL_KEYS}. */
export const addToLabelUsage = onUse(() =>
  builder
    .updateTable("usage_daily_labels")
    .set((row) => Object.fromEntries(LABEL_SUMS.map((sum) => [sum, row(sum, "+", 0)])))
    .where("label", "=", "")
    .where("day", "=", "")
    .where("value", "=", "")
    .compile(),
);

/** Binds {@link LABEL_KEYS}, then {@link LABEL_SUMS}. */
export const insertLabelUsage = onUse(() =>
  builder
    .insertInto("usage_daily_labels")
    .values(placeholders<"usage_daily_labels">([...LABEL_KEYS, ...LABEL_SUMS]))
    .onConflict((conflict) =>
      conflict
        .columns(LABEL_KEYS)
        .doUpdateSet((row) =>
          Object.fromEntries(
            LABEL_SUMS.map((sum) => [sum, row(`usage_daily_labels.${sum}`, "+", row.ref(`excluded.${sum}`))]),
          ),
        ),
    )
    .compile(),
);

export const SELECT_LEDGER_ID: CompiledQuery<{ value: string }> = builder
  .selectFrom("ledger")
  .select("value")
  .where("key", "=", "id")
  .compile();

/** Whether any execution has several models. */
export const selectAnyModel = onUse<{ model: string }>(() =>
  builder.selectFrom("execution_models").select("model").limit(1).compile(),
);

/** The models of an execution. */
export function selectModels(executionId: string | null): CompiledQuery<ExecutionModelRow> {
  return builder
    .selectFrom("execution_models")
    .select(MODEL_COLUMNS)
    .where("execution_id", "=", executionId)
    .compile();
}

/** How many values a label has on a day, without the group of the others. */
export function selectLabelValues(label: string, day: string): CompiledQuery<{ values: number }> {
  return builder
    .selectFrom("usage_daily_labels")
    .select(({ fn }) => fn.countAll<number>().as("values"))
    .where("label", "=", label)
    .where("day", "=", day)
    .where("value", "!=", OTHER_VALUES)
    .compile();
}

/** Whether a label ever had too many values. */
export function selectOtherValues(label: string): CompiledQuery<{ day: string }> {
  return builder
    .selectFrom("usage_daily_labels")
    .select("day")
    .where("label", "=", label)
    .where("value", "=", OTHER_VALUES)
    .limit(1)
    .compile();
}

/** Just after the newest execution ever purged; no row when none was. */
export const SELECT_PURGED_BEFORE: CompiledQuery<{ value: string }> = builder
  .selectFrom("ledger")
  .select("value")
  .where("key", "=", "purged_before")
  .compile();

export function selectExecution(executionId: string | null): CompiledQuery<{ id: number }> {
  return builder.selectFrom("executions").select("id").where("execution_id", "=", executionId).compile();
}

/** When the newest execution that a purge may delete completed. */
export function selectNewestBefore(cutoff: string): CompiledQuery<{ newest: string | null }> {
  return builder
    .selectFrom("executions")
    .select((row) => row.fn.max<string | null>("created_at").as("newest"))
    .where("created_at", "<", cutoff)
    .where(isText)
    .where("id", "<=", forwardedUpTo("last_id"))
    .compile();
}

export function advancePurgedBefore(cutoff: string): CompiledQuery {
  return builder
    .insertInto("ledger")
    .values({ key: "purged_before", value: cutoff })
    .onConflict((conflict) =>
      conflict.column("key").doUpdateSet({ value: cutoff }).where("ledger.value", "<", cutoff),
    )
    .compile();
}

/** Sums of fractions depend on the order of addition by less than this; no token costs so little. */
const COST_DECIMALS = 12;

/** Rounds the costs of a row of `usage_daily`, so that a sum of nothing is 0. */
export function roundUsageCosts(usage: Pick<UsageDailyRow, (typeof USAGE_KEYS)[number]>): CompiledQuery {
  let update = builder.updateTable("usage_daily").set(rounded("cost_usd", "estimated_cost_usd"));
  for (const key of USAGE_KEYS) update = update.where(key, "=", usage[key]);
  return update.compile();
}

/** The same for all values of a label on a day. */
export function roundLabelCosts(label: string, day: string): CompiledQuery {
  return builder
    .updateTable("usage_daily_labels")
    .set(rounded("cost_usd", "failed_cost_usd", "estimated_cost_usd"))
    .where("label", "=", label)
    .where("day", "=", day)
    .compile();
}

function rounded<Column extends string>(...columns: readonly Column[]) {
  // Adding 0 turns -0 into 0.
  const round = (column: Column) => sql<number>`round(${sql.ref(column)}, ${sql.lit(COST_DECIMALS)}) + 0.0`;
  return Object.fromEntries(columns.map((column) => [column, round(column)])) as Record<
    Column,
    ReturnType<typeof round>
  >;
}

/** Stores which price list costs were estimated by. */
export function keepPriceList(name: string): CompiledQuery {
  return builder
    .insertInto("ledger")
    .values({ key: "price_list", value: name })
    .onConflict((conflict) =>
      conflict.column("key").doUpdateSet({ value: name }).where("ledger.value", "!=", name),
    )
    .compile();
}

/** The prefix of a recorder's note; its id follows. */
export const WRITTEN_BY = "written_by_";

/** Notes the sequence of the last batch of a recorder that was written: the time, and the number. */
export function noteWritten(recorderId: string, sequence: number, nowMs: number): CompiledQuery {
  const value = `${toLedgerTime(nowMs)} ${sequence}`;
  return builder
    .insertInto("ledger")
    .values({ key: `${WRITTEN_BY}${recorderId}`, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
    .compile();
}

/** The sequence in such a note. */
export function writtenSequence(note: string): number {
  return Number(note.split(" ").at(-1));
}

/** How long a note is kept, in milliseconds: living processes have read older ones, and dead ones don't need theirs. */
const NOTES_KEPT_MS = 3_600_000;

/** Deletes the notes of recorders that have written nothing for long. */
export function forgetOldNotes(nowMs: number): CompiledQuery {
  return builder
    .deleteFrom("ledger")
    .where("key", "like", `${WRITTEN_BY}%`)
    .where("value", "<", toLedgerTime(nowMs - NOTES_KEPT_MS))
    .compile();
}

/** SQLite sorts any number below any text: a time that another program stored as a number can't be dated. */
export function isText(row: ExpressionBuilder<LedgerSchema, "executions">) {
  return row(row.fn<string>("typeof", ["created_at"]), "=", "text");
}

/** The highest `id` that every target has, of those that were ever reached; unlimited if there is no target. */
export function forwardedUpTo(last: "last_id" | "last_incident_id") {
  const every = builder
    .selectFrom("forward_targets")
    .select((target) => target.fn.min(last).as("last"))
    .where("reached_at", "is not", null);
  return sql<number>`coalesce(${every}, ${sql.lit(Number.MAX_SAFE_INTEGER)})`;
}

/** Deletes at most `limit` of the executions that completed before the cutoff; their models first. */
export function deleteExecutions(
  cutoff: string,
  limit: number,
): readonly [models: CompiledQuery, executions: CompiledQuery] {
  const old = builder
    .selectFrom("executions")
    .select("id")
    .where("created_at", "<", cutoff)
    .where(isText)
    .where("id", "<=", forwardedUpTo("last_id"))
    .limit(limit);
  const identities = builder.selectFrom("executions").select("execution_id").where("id", "in", old);
  return [
    builder
      .deleteFrom("execution_models")
      .where("execution_id", "in", identities.$castTo<{ execution_id: string }>())
      .compile(),
    builder.deleteFrom("executions").where("id", "in", old).compile(),
  ];
}

/** Deletes at most `limit` of the incidents that happened before the cutoff. */
export function deleteIncidents(cutoff: string, limit: number): CompiledQuery {
  return builder
    .deleteFrom("incidents")
    .where("id", "in", (old) =>
      old
        .selectFrom("incidents")
        .select("id")
        .where("at", "<", cutoff)
        .where("id", "<=", forwardedUpTo("last_incident_id"))
        .limit(limit),
    )
    .compile();
}

export function insertIncident({ kind, reason, count = 1, payload }: Incident): CompiledQuery {
  const at = toLedgerTime(Date.now());
  return builder
    .insertInto("incidents")
    .values({ at, kind, count, reason, payload: payload ?? null })
    .compile();
}

/** Makes an insert into `usage_daily` add to existing sums. */
export function addingUp(insert: InsertQueryBuilder<LedgerSchema, "usage_daily", InsertResult>) {
  return insert.onConflict((conflict) =>
    conflict
      .columns(USAGE_KEYS)
      .doUpdateSet((row) =>
        Object.fromEntries(
          USAGE_SUMS.map((sum) => [sum, row(`usage_daily.${sum}`, "+", row.ref(`excluded.${sum}`))]),
        ),
      ),
  );
}

/** Kysely binds null like any other value: each column becomes one `?`, bound when the statement runs. */
function placeholders<Table extends keyof LedgerSchema>(
  columns: readonly (keyof LedgerSchema[Table])[],
): InsertObject<LedgerSchema, Table> {
  return Object.fromEntries(columns.map((column) => [column, null])) as unknown as InsertObject<
    LedgerSchema,
    Table
  >;
}
