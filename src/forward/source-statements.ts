import { type CompiledQuery, expressionBuilder, type Selectable } from "kysely";
import { builder } from "../ledger/kysely";
import {
  EXECUTION_COLUMNS,
  type ExecutionRow,
  type ForwardTargetsTable,
  type IncidentsTable,
  type LedgerSchema,
  MODEL_COLUMNS,
  type NewExecutionRow,
} from "../ledger/schema";

/** The watermark of a target: the last execution and the last incident that it has. */
export type Watermark = Pick<Selectable<ForwardTargetsTable>, "last_id" | "last_incident_id">;

/** A target: its address, and its identity once known. */
export interface TargetName {
  readonly target: string;
  readonly identity: string | undefined;
}

/** Columns that SQLite converts to text, so that 64-bit integers keep their digits and odd values get through. */
const AS_TEXT = EXECUTION_COLUMNS.filter((column) => column !== "cost_usd");
const MODELS_AS_TEXT = MODEL_COLUMNS.filter((column) => column !== "cost_usd");

/** One of several models of an execution, as it is read to be forwarded. */
export type SourceModel = {
  readonly [Column in (typeof MODELS_AS_TEXT)[number]]: string | null;
} & { readonly cost_usd: unknown };

/** An execution as it is read to be forwarded. */
export type SourceExecution = { readonly id: number; readonly execution_id: string } & {
  readonly [Column in (typeof AS_TEXT)[number]]: string | null;
} & {
  /** Not as text, which SQLite would round. */
  readonly cost_usd: unknown;
  /** If it used several. */
  readonly models?: readonly SourceModel[] | undefined;
};

/** Turns a row made from a record into the form in which rows are read to be forwarded, without a ledger's `id`. */
export function toSourceExecution(row: NewExecutionRow): SourceExecution {
  const { cost_usd, models } = row;
  const sent = models?.map((model) => ({ ...asText(model, MODELS_AS_TEXT), cost_usd: model.cost_usd }));
  return { ...asText(row, AS_TEXT), id: 0, cost_usd, models: sent } as SourceExecution;
}

function asText<Column extends string>(
  row: Readonly<Record<Column, string | number | null>>,
  columns: readonly Column[],
): Record<Column, string | null> {
  const texts = columns.map((column) => [column, row[column]?.toString() ?? null]);
  return Object.fromEntries(texts) as Record<Column, string | null>;
}

/** An incident as it is read to be forwarded. */
export type SourceIncident = Selectable<IncidentsTable>;

const row = expressionBuilder<LedgerSchema, "executions">();

export const SELECT_NEWEST: CompiledQuery<{ id: number | null }> = builder
  .selectFrom("executions")
  .select((execution) => execution.fn.max<number | null>("id").as("id"))
  .compile();

export const SELECT_NEWEST_INCIDENT: CompiledQuery<{ id: number | null }> = builder
  .selectFrom("incidents")
  .select((incident) => incident.fn.max<number | null>("id").as("id"))
  .compile();

/** Matches a target by its identity or, while that is unknown, by its address. */
export function selectWatermark({ target, identity = "" }: TargetName): CompiledQuery<Watermark> {
  return builder
    .selectFrom("forward_targets")
    .select(["last_id", "last_incident_id"])
    .where((row) => row.or([row("identity", "=", identity), row("target", "=", target)]))
    .orderBy((row) => row("identity", "is", identity), "desc")
    .limit(1)
    .compile();
}

/** Notes an intended target before it was ever reached. No rows are held back for it yet. */
export function intendTarget(target: string): CompiledQuery {
  return builder
    .insertInto("forward_targets")
    .values({ target })
    .onConflict((conflict) => conflict.column("target").doNothing())
    .compile();
}

/**
 * Registers a target that was reached, with its watermark if known. Run in this order: the first removes a row for the
 * address alone if the target is known under another address; the second updates the target's row; the third, if there
 * was none, inserts one.
 */
export function noteTarget(
  { target, identity }: { readonly target: string; readonly identity: string },
  reachedAt: string,
  watermark?: Watermark,
): readonly [replace: CompiledQuery, update: CompiledQuery, insert: CompiledQuery] {
  const known = builder.selectFrom("forward_targets").select("target").where("identity", "=", identity);
  const values = { target, identity, reached_at: reachedAt, ...watermark };
  return [
    builder
      .deleteFrom("forward_targets")
      .where("target", "=", target)
      .where("identity", "is not", identity)
      .where(({ exists }) => exists(known))
      .compile(),
    builder
      .updateTable("forward_targets")
      .set(values)
      .where((row) => row.or([row("identity", "=", identity), row("target", "=", target)]))
      .compile(),
    builder.insertInto("forward_targets").values(values).compile(),
  ];
}

/** Notes, in the transaction that reads them, up to which `id` executions are being sent. */
export function noteSending({ target, identity = "" }: TargetName, id: number): CompiledQuery {
  return builder
    .updateTable("forward_targets")
    .set({ sending_id: id })
    .where((row) => row.or([row("identity", "=", identity), row("target", "=", target)]))
    .where("sending_id", "<", id)
    .compile();
}

export function forgetTarget(target: string): CompiledQuery {
  return builder.deleteFrom("forward_targets").where("target", "=", target).compile();
}

export function selectExecution(id: number): CompiledQuery<ExecutionRow> {
  return builder.selectFrom("executions").selectAll().where("id", "=", id).compile();
}

/** How many executions have an `id` after one and up to another. */
export function countExecutions(afterId: number, toId: number): CompiledQuery<{ there: number }> {
  return builder
    .selectFrom("executions")
    .select((execution) => execution.fn.countAll<number>().as("there"))
    .where("id", ">", afterId)
    .where("id", "<=", toId)
    .compile();
}

export function selectExecutionsAfter(id: number, limit: number): CompiledQuery<SourceExecution> {
  return builder
    .selectFrom("executions")
    .select([
      "id",
      "cost_usd",
      ...AS_TEXT.map((column) => row.cast<string | null>(column, "text").as(column)),
    ])
    .where("id", ">", id)
    .orderBy("id")
    .limit(limit)
    .$castTo<SourceExecution>()
    .compile();
}

/** The models of the executions with an `id` after one and up to another. */
export function selectModelsBetween(afterId: number, toId: number): CompiledQuery<SourceModel> {
  return builder
    .selectFrom("executions")
    .innerJoin("execution_models", "execution_models.execution_id", "executions.execution_id")
    .select(["execution_models.cost_usd"])
    .select(({ cast }) =>
      MODELS_AS_TEXT.map((column) => cast<string | null>(`execution_models.${column}`, "text").as(column)),
    )
    .where("executions.id", ">", afterId)
    .where("executions.id", "<=", toId)
    .$castTo<SourceModel>()
    .compile();
}

export function selectIncidentsAfter(id: number, limit: number): CompiledQuery<SourceIncident> {
  return builder
    .selectFrom("incidents")
    .selectAll()
    .where("id", ">", id)
    .orderBy("id")
    .limit(limit)
    .compile();
}
