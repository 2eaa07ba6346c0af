import {
  type AliasedExpression,
  type Expression,
  expressionBuilder,
  type RawBuilder,
  type SqlBool,
  sql,
} from "kysely";
import type { ExecutionsTable, UsageDailyTable } from "./schema";
import { USAGE_SUMS } from "./schema";

/** An execution, or one of its models, and what it adds to `usage_daily`, in columns of the same names. */
export type ExecutionUsage = Pick<
  ExecutionsTable,
  | "execution_id"
  | "repo"
  | "pr_number"
  | "session_id"
  | "event_type"
  | "provider"
  | "model"
  | "conclusion"
  | "labels"
> &
  Pick<UsageDailyTable, (typeof USAGE_SUMS)[number]> & {
    id: number;
    created_at: string;
    /** Only in PostgreSQL. */
    ledger_id: string;
  };

/** Where executions and their models are read from: the tables, or what is about to be stored in them. */
export interface UsageSource {
  readonly executions: string;
  /** `undefined`: none of the executions has more than one model. */
  readonly models?: string | undefined;
  readonly engine: "sqlite" | "postgresql";
}

const KEPT = [
  "id",
  "execution_id",
  "created_at",
  "repo",
  "pr_number",
  "event_type",
  "conclusion",
  "session_id",
  "labels",
] as const;
const TOKENS = ["input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"] as const;
const AMOUNTS = [...TOKENS, "cost_usd"] as const;
/** The columns that link models to their execution: in PostgreSQL several ledgers may have the same execution. */
export const MODELS_IDENTITY = {
  sqlite: ["execution_id"],
  postgresql: ["ledger_id", "execution_id", "created_at"],
} as const;

/**
 * The executions as `usage_daily` counts them: one row each or, where several models were used, one per model. Grouped
 * by the keys of `usage_daily` and added up they are its rows.
 */
export function executionUsage({
  executions,
  models,
  engine,
}: UsageSource): AliasedExpression<ExecutionUsage, "usage"> {
  const isOne = models === undefined;
  const kept = [...KEPT, ...(engine === "postgresql" ? (["ledger_id"] as const) : [])];
  // Built from parts that Kysely knows, so that it adds the schema of a PostgreSQL ledger to the tables.
  return expressionBuilder<AnyTables, never>()
    .selectFrom(executions === "executions" ? executions : (`${executions} as executions` as "executions"))
    .$if(!isOne, (query) =>
      query.leftJoin(
        models === "execution_models" ? models : (`${models} as execution_models` as "execution_models"),
        (join) =>
          MODELS_IDENTITY[engine].reduce(
            (on, column) => on.onRef(`execution_models.${column}`, "=", `executions.${column}`),
            join,
          ),
      ),
    )
    .select(kept.map((column) => `executions.${column}` as const))
    .select(Object.entries(isOne ? ofExecution() : ofModel()).map(([name, value]) => value.as(name)))
    .$castTo<ExecutionUsage>()
    .as("usage");
}

/** The columns that the tables of both databases have, under the names used here. */
interface AnyTables {
  executions: Record<(typeof KEPT)[number] | "ledger_id", unknown>;
  execution_models: Record<"execution_id" | "ledger_id" | "created_at", unknown>;
}

type Column = "provider" | "model" | (typeof USAGE_SUMS)[number];
type Columns = Readonly<Record<Column, RawBuilder<unknown>>>;

const isEstimated = (table: "executions" | "execution_models") =>
  sql<SqlBool>`${sql.ref(`${table}.cost_source`)} = 'estimated'`;
const ONE = sql.lit(1);
const ZERO = sql.lit(0);

/** The columns of an execution that used one model. */
function ofExecution(): Columns {
  return {
    provider: sql`executions.provider`,
    model: sql`executions.model`,
    executions: ONE,
    input_tokens: sql`executions.input_tokens`,
    output_tokens: sql`executions.output_tokens`,
    cache_read_tokens: sql`executions.cache_read_tokens`,
    cache_creation_tokens: sql`executions.cache_creation_tokens`,
    duration_ms: sql`executions.duration_ms`,
    num_turns: sql`coalesce(executions.num_turns, 0)`,
    cost_usd: sql`executions.cost_usd`,
    used_in: ONE,
    used_without_usage: flag(HAS_NO_USAGE),
    used_without_cost: flag(HAS_NO_COST),
    without_usage: flag(HAS_NO_USAGE),
    without_cost: flag(HAS_NO_COST),
    without_duration: flag(sql`executions.duration_ms = 0`),
    without_turns: flag(sql`executions.num_turns is null`),
    estimated_cost_usd: when(isEstimated("executions"), sql`executions.cost_usd`, ZERO),
  };
}

// A number beside "unknown" is known in a row that an older program inserted and that was not adopted yet. In any other
// row it is a part: what is known of some of its models.
const IS_ADOPTED = sql`executions.execution_id is not null`;
const HAS_NO_COST = sql<SqlBool>`executions.cost_source = 'unknown' and (executions.cost_usd = 0 or ${IS_ADOPTED})`;
const HAS_NO_USAGE = sql<SqlBool>`executions.usage_source = 'unknown' and (${IS_ADOPTED} or (${sql.join(
  TOKENS.map((column) => sql`${sql.ref(`executions.${column}`)} = 0`),
  sql` and `,
)}))`;

const HAS_NO_MODEL_USAGE = sql<SqlBool>`coalesce(${sql.join(
  TOKENS.map((column) => sql.ref(`execution_models.${column}`)),
)}) is null`;

/** The columns of one model: its own amounts and, for the main model, everything that is counted once per execution. */
function ofModel(): Columns {
  const execution = ofExecution();
  const isOnly = sql<SqlBool>`execution_models.model is null`;
  const isNamed = sql`execution_models.model = executions.model and execution_models.provider = executions.provider`;
  const isMain = sql<SqlBool>`(${isOnly} or (${isNamed}))`;
  const perExecution = USAGE_SUMS.map((name) => [name, when(isMain, execution[name], ZERO)] as const);
  const perModel = AMOUNTS.map(
    (name) =>
      [name, when(isOnly, execution[name], sql`coalesce(execution_models.${sql.ref(name)}, 0)`)] as const,
  );
  return {
    ...(Object.fromEntries(perExecution) as Columns),
    ...Object.fromEntries(perModel),
    provider: sql`coalesce(execution_models.provider, executions.provider)`,
    model: sql`coalesce(execution_models.model, executions.model)`,
    used_in: ONE,
    used_without_usage: when(isOnly, execution.used_without_usage, flag(HAS_NO_MODEL_USAGE)),
    used_without_cost: when(
      isOnly,
      execution.used_without_cost,
      flag(sql`execution_models.cost_usd is null`),
    ),
    estimated_cost_usd: when(
      isOnly,
      execution.estimated_cost_usd,
      when(isEstimated("execution_models"), sql`execution_models.cost_usd`, ZERO),
    ),
  };
}

function flag(condition: Expression<SqlBool>): RawBuilder<unknown> {
  return when(condition, ONE, ZERO);
}

function when(
  condition: Expression<SqlBool>,
  value: Expression<unknown>,
  other: Expression<unknown>,
): RawBuilder<unknown> {
  return sql`case when ${condition} then ${value} else ${other} end`;
}
