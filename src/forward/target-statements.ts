import { type Kysely, type QueryCreator, sql } from "kysely";
import { executionUsage } from "../ledger/execution-usage";
import { addedLabelUsage } from "../ledger/label-usage";
import { LABEL_KEYS, LABEL_SUMS, MODEL_COLUMNS, USAGE_KEYS, USAGE_SUMS } from "../ledger/schema";
import { arrayLiteral } from "../postgres/array-literal";
import { EXECUTIONS_DAY, EXECUTIONS_SUMS, LABEL_WORDS } from "../postgres/execution-sums";
import type { ExecutionsKey } from "../postgres/primary-key";
import type { PostgresSchema } from "../postgres/schema";
import type { SourceExecution } from "./source-statements";

/** A position in a ledger: an execution's `id` and its identity; `null` before the first. */
export interface Position {
  readonly id: number;
  readonly executionId: string | null;
}

type Column = Exclude<keyof SourceExecution, "id" | "models">;

/** The columns sent for an execution, with their types; `created_at` has no zone. */
const SENT_COLUMNS = {
  execution_id: "text",
  created_at: "timestamptz",
  delivery_id: "text",
  repo: "text",
  pr_number: "bigint",
  event_type: "text",
  provider: "text",
  model: "text",
  input_tokens: "bigint",
  output_tokens: "bigint",
  cache_read_tokens: "bigint",
  cache_creation_tokens: "bigint",
  duration_ms: "bigint",
  cost_usd: "float8",
  conclusion: "text",
  session_id: "text",
  num_turns: "bigint",
  stop_reason: "text",
  usage_source: "text",
  cost_source: "text",
  labels: "jsonb",
} as const satisfies Record<Column, string>;
const COLUMNS = Object.keys(SENT_COLUMNS) as Column[];

/** The columns sent for a model, with the same types; the time is its execution's. */
const COLUMNS_OF_MODELS = ["created_at", ...MODEL_COLUMNS] as const satisfies readonly Column[];

/** The keys of `usage_daily` in the one order in which every batch locks its rows, so that no two batches deadlock. */
const LEDGER_USAGE_KEYS = ["ledger_id", ...USAGE_KEYS] as const;

/** The result of sending executions. */
export interface Sent {
  /** 1; or 0 when the target's watermark was not the expected one, and nothing was stored. */
  readonly moved: number;
  /** How many were new. */
  readonly inserted: number;
}

/**
 * Stores executions, adds the new ones to the sums, and moves the watermark from one position to the next. It is one
 * statement, and so one transaction. It does nothing when the watermark is elsewhere.
 */
export function sendExecutions(
  db: Kysely<PostgresSchema>,
  key: ExecutionsKey,
  ledgerId: string,
  rows: readonly SourceExecution[],
  from: Position,
  to: Position,
): Promise<Sent> {
  const moving = db.with("moved", (query) =>
    query
      .updateTable("forward_sources")
      .set({ last_id: to.id, last_execution_id: to.executionId, updated_at: "now" })
      .where("ledger_id", "=", ledgerId)
      .where("last_id", "=", from.id)
      .where("last_execution_id", "is not distinct from", from.executionId)
      .returning("ledger_id"),
  );
  return store(moving, key, rows);
}

/** Like {@link sendExecutions}, for one that was sent before and refused: the watermark does not move. */
export function sendRefused(
  db: Kysely<PostgresSchema>,
  key: ExecutionsKey,
  ledgerId: string,
  row: SourceExecution,
): Promise<Sent> {
  const staying = db.with("moved", (query) =>
    query.selectNoFrom(sql<string>`${ledgerId}::text`.as("ledger_id")),
  );
  return store(staying, key, [row]);
}

/** Stores the rows for the ledger in `moved`, and adds the new ones to the sums. */
function store(
  db: QueryCreator<PostgresSchema & { moved: { ledger_id: string } }>,
  key: ExecutionsKey,
  rows: readonly SourceExecution[],
): Promise<Sent> {
  const models = rows.flatMap((row) =>
    (row.models ?? []).map((model) => ({ ...model, created_at: row.created_at })),
  );
  const inserted = db.with("inserted", (query) =>
    query
      .insertInto("executions")
      .columns(["ledger_id", ...COLUMNS])
      .expression((source) =>
        source
          .selectFrom([unnested("given", COLUMNS, rows), "moved"])
          .select(["moved.ledger_id", ...COLUMNS.map((column) => sql.ref(`given.${column}`).as(column))]),
      )
      // Any other conflict is not a duplicate but an error.
      .onConflict((conflict) => conflict.columns(key).doNothing())
      .returningAll(),
  );
  const stored =
    models.length === 0
      ? inserted
      : inserted
          .with("models", (query) =>
            query
              .selectFrom([unnested("given", COLUMNS_OF_MODELS, models), "moved"])
              .select("moved.ledger_id")
              .select(COLUMNS_OF_MODELS.map((column) => sql.ref<string>(`given.${column}`).as(column))),
          )
          .with("stored_models", (query) =>
            query
              .insertInto("execution_models")
              .columns(["ledger_id", ...COLUMNS_OF_MODELS])
              .expression((source) =>
                source
                  .selectFrom("models")
                  .innerJoin("inserted", (join) =>
                    join
                      .onRef("inserted.execution_id", "=", "models.execution_id")
                      .onRef("inserted.created_at", "=", "models.created_at"),
                  )
                  .select([
                    "models.ledger_id",
                    ...COLUMNS_OF_MODELS.map((column) => `models.${column}` as const),
                  ]),
              )
              // A row that was left when somebody deleted the execution by hand: it is the same, because an
              // execution's models don't change.
              .onConflict((conflict) => conflict.doNothing()),
          );
  const usageSource = {
    executions: "inserted",
    models: models.length === 0 ? undefined : "models",
    engine: "postgresql",
  } as const;
  const labelled = rows.every(({ labels }) => labels === null)
    ? stored
    : stored.with("summed_labels", (query) =>
        query
          .insertInto("usage_daily_labels")
          .columns(["ledger_id", ...LABEL_KEYS, ...LABEL_SUMS])
          .expression(
            addedLabelUsage(usageSource, LABEL_WORDS)
              .orderBy("ledger_id")
              .orderBy("label")
              .orderBy("day")
              .orderBy("value"),
          )
          .onConflict((conflict) =>
            conflict
              .columns(["ledger_id", ...LABEL_KEYS])
              .doUpdateSet((row) =>
                Object.fromEntries(
                  LABEL_SUMS.map((sum) => [
                    sum,
                    row(`usage_daily_labels.${sum}`, "+", row.ref(`excluded.${sum}`)),
                  ]),
                ),
              ),
          ),
      );
  return labelled
    .with("summed", (query) =>
      query
        .insertInto("usage_daily")
        .columns([...LEDGER_USAGE_KEYS, ...USAGE_SUMS])
        .expression((source) =>
          source
            .selectFrom(executionUsage(usageSource))
            .select([
              "ledger_id",
              EXECUTIONS_DAY,
              "repo",
              "event_type",
              "provider",
              "model",
              "conclusion",
              ...EXECUTIONS_SUMS,
            ])
            .groupBy(LEDGER_USAGE_KEYS)
            .orderBy("ledger_id")
            .orderBy("day")
            .orderBy("repo")
            .orderBy("event_type")
            .orderBy("provider")
            .orderBy("model")
            .orderBy("conclusion"),
        )
        .onConflict((conflict) =>
          conflict
            .columns([...LEDGER_USAGE_KEYS])
            .doUpdateSet((row) =>
              Object.fromEntries(
                USAGE_SUMS.map((sum) => [sum, row(`usage_daily.${sum}`, "+", row.ref(`excluded.${sum}`))]),
              ),
            ),
        ),
    )
    .selectNoFrom((select) => [
      select
        .selectFrom("moved")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .as("moved"),
      select
        .selectFrom("inserted")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .as("inserted"),
    ])
    .$castTo<Sent>()
    .executeTakeFirstOrThrow();
}

/** The identities of those executions that the target has, compared by the whole key. */
export async function presentExecutions(
  db: Kysely<PostgresSchema>,
  key: ExecutionsKey,
  ledgerId: string,
  rows: readonly SourceExecution[],
): Promise<Set<string>> {
  const columns = key.filter((column) => column !== "ledger_id");
  const present = await db
    .selectFrom("executions")
    .innerJoin(unnested("given", COLUMNS, rows), (join) =>
      columns.reduce((on, column) => on.onRef(`executions.${column}`, "=", sql.ref(`given.${column}`)), join),
    )
    .select("executions.execution_id")
    .$if(key.includes("ledger_id"), (query) => query.where("executions.ledger_id", "=", ledgerId))
    .execute();
  return new Set(present.map(({ execution_id }) => execution_id));
}

/** Rows as a table with one parameter per column, so that the text is the same for any number of rows. */
function unnested<Name extends string, Sent extends Column>(
  name: Name,
  columns: readonly Sent[],
  rows: readonly Readonly<Record<NoInfer<Sent>, unknown>>[],
) {
  const arrays = columns.map((column) => {
    const values = rows.map((row) => row[column]);
    const literal = arrayLiteral(column === "created_at" ? values.map((time) => `${time}Z`) : values);
    return sql`${literal}::${sql.raw(SENT_COLUMNS[column])}[]`;
  });
  const names = columns.map((column) => sql.ref(column));
  return sql`unnest(${sql.join(arrays)})`.as<Name>(sql`${sql.ref(name)}(${sql.join(names)})`);
}
