import type { Generated, Selectable } from "kysely";

/** The schema that this version of Runledger writes, kept in `PRAGMA user_version`. */
export const SCHEMA_VERSION = 1;

/** The most values of one label that have sums of their own on a day; later values share one. */
export const MOST_VALUES = 1_000;
/** The value under which the later ones are summed. */
export const OTHER_VALUES = "(other)";

/** One row per execution. Times are UTC text, `YYYY-MM-DD HH:MM:SS.SSS`. */
export interface ExecutionsTable {
  id: Generated<number>;
  /** When the execution completed. Older programs left out the milliseconds. */
  created_at: Generated<string>;
  delivery_id: string | null;
  repo: string;
  pr_number: number | null;
  event_type: string;
  provider: Generated<string>;
  model: string;
  input_tokens: Generated<number>;
  output_tokens: Generated<number>;
  cache_read_tokens: Generated<number>;
  cache_creation_tokens: Generated<number>;
  /** At least 1; 0 means unknown. */
  duration_ms: Generated<number>;
  cost_usd: Generated<number>;
  conclusion: string;
  session_id: string | null;
  /** Null means unknown. */
  num_turns: number | null;
  stop_reason: string | null;
  /** Unique. Null only in a row of an older program that has not been adopted yet. */
  execution_id: string | null;
  /** `unknown`: the token counts are 0 because none were given. */
  usage_source: Generated<"reported" | "unknown">;
  /** `unknown`: the cost is 0 because none was given; `estimated`: it was computed from a price list. */
  cost_source: Generated<"reported" | "estimated" | "unknown">;
  /** JSON of an object of texts, its keys in order. Null without any. */
  labels: string | null;
}

/**
 * What each model used in executions that used several, the main model among them. The row in `executions` has their
 * sums. Null means unknown.
 */
export interface ExecutionModelsTable {
  execution_id: string;
  provider: string;
  model: string;
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_creation_tokens: number | null;
  cost_usd: number | null;
  cost_source: "reported" | "estimated" | "unknown";
}

/**
 * Sums per UTC day and key, over everything ever recorded: they outlive the purge of `executions`. Tokens and cost
 * count under their own model; executions, durations and turns under the execution's main model.
 */
export interface UsageDailyTable {
  day: string;
  repo: string;
  event_type: string;
  provider: string;
  model: string;
  conclusion: string;
  executions: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_creation_tokens: number;
  duration_ms: number;
  num_turns: number;
  cost_usd: number;
  /**
   * How many executions used the model, either as their main model, which counts them in `executions`, or as another
   * one.
   */
  used_in: Generated<number>;
  /** How many of `used_in` came without the model's token counts. */
  used_without_usage: Generated<number>;
  /** How many of `used_in` came without the model's cost. */
  used_without_cost: Generated<number>;
  /** How many of `executions` came without token counts. */
  without_usage: number;
  /** How many of `executions` came without a cost. */
  without_cost: number;
  /** How many of `executions` came without a duration. */
  without_duration: Generated<number>;
  /** How many of `executions` came without a number of turns. */
  without_turns: Generated<number>;
  /** The part of `cost_usd` that was computed from a price list. */
  estimated_cost_usd: Generated<number>;
}

/**
 * Sums per label, UTC day and value, over everything ever recorded. They cover the executions with the label, each
 * counted as in {@link UsageDailyTable}. If a label has more than 1,000 values on a day, the later ones are `(other)`.
 */
export interface UsageDailyLabelsTable {
  label: string;
  day: string;
  value: string;
  executions: number;
  failures: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_creation_tokens: number;
  duration_ms: number;
  num_turns: number;
  cost_usd: number;
  /** The part of `cost_usd` of executions that failed. */
  failed_cost_usd: number;
  without_usage: number;
  without_cost: number;
  without_duration: number;
  without_turns: number;
  estimated_cost_usd: number;
}

/** The dead-letter table: what could not be stored as it came, and whatever else a person should look at. */
export interface IncidentsTable {
  id: Generated<number>;
  at: string;
  kind: "rejected" | "dropped" | "spilled" | "degraded";
  count: number;
  reason: string;
  payload: string | null;
}

/** Facts about the ledger itself. */
export interface LedgerTable {
  /**
   * `price_list`: the package and version by which costs were last estimated here. `written_by_…`: when the last
   * batch of a recorder was written, and its number, while budgets follow it.
   */
  key: "id" | "purged_before" | "price_list" | `written_by_${string}`;
  value: string;
}

/** The targets of forwarding, and the watermark of each. */
export interface ForwardTargetsTable {
  /** Its address when it was last reached: host, port, database and schema. */
  target: string;
  /** The identity in its own tables, by which it is recognised at another address. */
  identity: string | null;
  /** When it was last reached or received rows. Null if never: the ledger keeps no rows for it. */
  reached_at: string | null;
  /** `id` of the last execution that the target has. */
  last_id: Generated<number>;
  /** `id` of the last execution that was read to be sent: the target may have it already. */
  sending_id: Generated<number>;
  /** `id` of the last incident that it has. */
  last_incident_id: Generated<number>;
}

/** The tables of a ledger, for Kysely. */
export interface LedgerSchema {
  executions: ExecutionsTable;
  execution_models: ExecutionModelsTable;
  usage_daily: UsageDailyTable;
  usage_daily_labels: UsageDailyLabelsTable;
  incidents: IncidentsTable;
  ledger: LedgerTable;
  forward_targets: ForwardTargetsTable;
}

/** A row of `executions`, and the rows of its models if there are several. */
export type ExecutionRow = Selectable<ExecutionsTable> & {
  readonly models?: readonly ExecutionModelRow[] | undefined;
};
export type ExecutionModelRow = Selectable<ExecutionModelsTable>;
/** What one INSERT binds: every column but the rowid. */
export type NewExecutionRow = Omit<ExecutionRow, "id">;
export type UsageDailyRow = Selectable<UsageDailyTable>;

/** The columns of the earlier one-table design, in the order of its table: the time and the sixteen data columns. */
export const EARLIER_EXECUTION_COLUMNS = [
  "created_at",
  "delivery_id",
  "repo",
  "pr_number",
  "event_type",
  "provider",
  "model",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_creation_tokens",
  "duration_ms",
  "cost_usd",
  "conclusion",
  "session_id",
  "num_turns",
  "stop_reason",
] as const satisfies readonly (keyof NewExecutionRow)[];

/** What an INSERT binds, in the order of the table. */
export const EXECUTION_COLUMNS = [
  ...EARLIER_EXECUTION_COLUMNS,
  "execution_id",
  "usage_source",
  "cost_source",
  "labels",
] as const satisfies readonly (keyof NewExecutionRow)[];

/** The columns of `execution_models`, in the order of the table. */
export const MODEL_COLUMNS = [
  "execution_id",
  "provider",
  "model",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_creation_tokens",
  "cost_usd",
  "cost_source",
] as const satisfies readonly (keyof ExecutionModelsTable)[];

/** What `usage_daily` groups by. */
export const USAGE_KEYS = [
  "day",
  "repo",
  "event_type",
  "provider",
  "model",
  "conclusion",
] as const satisfies readonly (keyof UsageDailyTable)[];

/** The columns of `executions` that `usage_daily` adds up under the same names. */
export const SUMMED_COLUMNS = [
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_creation_tokens",
  "duration_ms",
  "num_turns",
  "cost_usd",
] as const satisfies readonly (keyof NewExecutionRow & keyof UsageDailyTable)[];

/** What `usage_daily` adds up. */
export const USAGE_SUMS = [
  "executions",
  ...SUMMED_COLUMNS,
  "used_in",
  "used_without_usage",
  "used_without_cost",
  "without_usage",
  "without_cost",
  "without_duration",
  "without_turns",
  "estimated_cost_usd",
] as const satisfies readonly (keyof UsageDailyTable)[];

/** What `usage_daily_labels` groups by. */
export const LABEL_KEYS = [
  "label",
  "day",
  "value",
] as const satisfies readonly (keyof UsageDailyLabelsTable)[];

/** What `usage_daily_labels` adds up. */
export const LABEL_SUMS = [
  "executions",
  "failures",
  ...SUMMED_COLUMNS,
  "failed_cost_usd",
  "without_usage",
  "without_cost",
  "without_duration",
  "without_turns",
  "estimated_cost_usd",
] as const satisfies readonly (keyof UsageDailyLabelsTable)[];
