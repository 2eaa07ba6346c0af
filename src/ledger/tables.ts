import type { ColumnDataType, ColumnDefinitionBuilder } from "kysely";
import { sql } from "kysely";
import type { LedgerSchema } from "./schema";

/** A column for Kysely's schema builder, in a new table or in one that lacks it. */
export type ColumnDefinition = readonly [
  type: ColumnDataType,
  define?: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder,
];

type Columns<Table> = { readonly [Column in keyof Table & string]: ColumnDefinition };

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const orZero = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(0);
const orUnknown = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo("unknown");
const numbered = (column: ColumnDefinitionBuilder) => column.primaryKey().autoIncrement();
const key = (column: ColumnDefinitionBuilder) => column.notNull().primaryKey();

/** The tables of a ledger: the one source for creating them, completing an older file, and recognising a ledger. */
export const TABLES: { readonly [Table in keyof LedgerSchema]: Columns<LedgerSchema[Table]> } = {
  executions: {
    id: ["integer", numbered],
    created_at: ["text", (column) => column.notNull().defaultTo(sql`(datetime('now'))`)],
    delivery_id: ["text"],
    repo: ["text", required],
    pr_number: ["integer"],
    event_type: ["text", required],
    provider: ["text", (column) => column.notNull().defaultTo("anthropic")],
    model: ["text", required],
    input_tokens: ["integer", orZero],
    output_tokens: ["integer", orZero],
    cache_read_tokens: ["integer", orZero],
    cache_creation_tokens: ["integer", orZero],
    duration_ms: ["integer", orZero],
    cost_usd: ["real", orZero],
    conclusion: ["text", required],
    session_id: ["text"],
    num_turns: ["integer"],
    stop_reason: ["text"],
    execution_id: ["text"],
    usage_source: ["text", orUnknown],
    cost_source: ["text", orUnknown],
    labels: ["text"],
  },
  execution_models: {
    execution_id: ["text", required],
    provider: ["text", required],
    model: ["text", required],
    input_tokens: ["integer"],
    output_tokens: ["integer"],
    cache_read_tokens: ["integer"],
    cache_creation_tokens: ["integer"],
    cost_usd: ["real"],
    cost_source: ["text", required],
  },
  usage_daily: {
    day: ["text", required],
    repo: ["text", required],
    event_type: ["text", required],
    provider: ["text", required],
    model: ["text", required],
    conclusion: ["text", required],
    executions: ["integer", required],
    input_tokens: ["integer", required],
    output_tokens: ["integer", required],
    cache_read_tokens: ["integer", required],
    cache_creation_tokens: ["integer", required],
    duration_ms: ["integer", required],
    num_turns: ["integer", required],
    cost_usd: ["real", required],
    used_in: ["integer", orZero],
    used_without_usage: ["integer", orZero],
    used_without_cost: ["integer", orZero],
    without_usage: ["integer", required],
    without_cost: ["integer", required],
    without_duration: ["integer", orZero],
    without_turns: ["integer", orZero],
    estimated_cost_usd: ["real", required],
  },
  usage_daily_labels: {
    label: ["text", required],
    day: ["text", required],
    value: ["text", required],
    executions: ["integer", required],
    failures: ["integer", required],
    input_tokens: ["integer", required],
    output_tokens: ["integer", required],
    cache_read_tokens: ["integer", required],
    cache_creation_tokens: ["integer", required],
    duration_ms: ["integer", required],
    num_turns: ["integer", required],
    cost_usd: ["real", required],
    failed_cost_usd: ["real", required],
    without_usage: ["integer", required],
    without_cost: ["integer", required],
    without_duration: ["integer", required],
    without_turns: ["integer", required],
    estimated_cost_usd: ["real", required],
  },
  incidents: {
    id: ["integer", numbered],
    at: ["text", required],
    kind: ["text", required],
    count: ["integer", (column) => column.notNull().defaultTo(1)],
    reason: ["text", required],
    payload: ["text"],
  },
  ledger: {
    key: ["text", key],
    value: ["text", required],
  },
  forward_targets: {
    target: ["text", key],
    identity: ["text"],
    reached_at: ["text"],
    last_id: ["integer", orZero],
    sending_id: ["integer", orZero],
    last_incident_id: ["integer", orZero],
  },
};

export const TABLE_NAMES = Object.keys(TABLES) as readonly (keyof LedgerSchema)[];

/** The columns of a table, by name. */
export function columnsOf(table: keyof LedgerSchema): readonly (readonly [string, ColumnDefinition])[] {
  return Object.entries(TABLES[table]);
}
