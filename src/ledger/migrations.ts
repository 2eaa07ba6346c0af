import { type ColumnDefinitionBuilder, type CompiledQuery, sql } from "kysely";
import { toLedgerTime } from "../record/time";
import { addEstimatedCosts, adoptRows, hasUnadoptedRows } from "./adoption";
import type { Connection } from "./connection";
import { builder } from "./kysely";
import { USAGE_KEYS } from "./schema";

/** The schema that this version of Runledger writes, kept in `PRAGMA user_version`. */
export const SCHEMA_VERSION = 3;

/**
 * Brings a ledger up to {@link SCHEMA_VERSION}, and adopts the rows that an older program inserted meanwhile.
 * All of it is one transaction, so that any number of processes may open the same file at once.
 */
export function migrate(connection: Connection): void {
  if (schemaVersion(connection) === SCHEMA_VERSION && !hasUnadoptedRows(connection)) return;
  connection.transaction(() => {
    // Another process may have been faster: what was true before the lock need not be true now.
    const version = schemaVersion(connection);
    const queries = [
      ...(version < 1 ? createLedger(tableNames(connection).has("executions")) : []),
      ...(version < 2 ? sumEstimatesAndForward() : []),
      ...(version < 3 ? tellTargetsApart() : []),
    ];
    for (const query of queries) connection.run(query);
    if (version < SCHEMA_VERSION) connection.pragma(`user_version = ${SCHEMA_VERSION}`);
    adoptRows(connection);
  });
}

/** The version of the schema in the file; 0 in a new one, and in one of the earlier design. */
export function schemaVersion(connection: Connection): number {
  return connection.pragmaNumber("user_version");
}

/** Names of the tables in the file; none in a new one. */
export function tableNames(connection: Connection): Set<string> {
  const query = builder
    .withTables<{ sqlite_schema: { type: string; name: string } }>()
    .selectFrom("sqlite_schema")
    .select("name")
    .where("type", "=", "table")
    .compile();
  return new Set(connection.all(query).map(({ name }) => name));
}

/** Version 1, from nothing or from the earlier design, which was the table `executions` without its last three columns. */
function createLedger(hasExecutions: boolean): CompiledQuery[] {
  return [
    ...(hasExecutions ? addExecutionColumns() : [createExecutions()]),
    createIndex("created_at"),
    createIndex("repo"),
    createIndex("execution_id"),
    createUsageDaily(),
    createIncidents(),
    createLedgerFacts(),
    builder.insertInto("ledger").values({ key: "id", value: Bun.randomUUIDv7() }).compile(),
  ];
}

/** Version 2: what of the cost was estimated, per day, and how far each target of forwarding has come. */
function sumEstimatesAndForward(): CompiledQuery[] {
  return [
    builder.schema.alterTable("usage_daily").addColumn("estimated_cost_usd", "real", orZero).compile(),
    addEstimatedCosts(),
    createForwardTargets(),
  ];
}

/**
 * Version 3: who a target is, and when it was reached. Of what never got anything nobody knows whether it is there: it
 * counts again when it is reached.
 */
function tellTargetsApart(): CompiledQuery[] {
  const targets = builder.schema.alterTable("forward_targets");
  return [
    targets.addColumn("identity", "text").compile(),
    targets.addColumn("reached_at", "text").compile(),
    builder
      .deleteFrom("forward_targets")
      .where("last_id", "=", 0)
      .where("last_incident_id", "=", 0)
      .compile(),
    builder
      .updateTable("forward_targets")
      .set({ reached_at: toLedgerTime(Date.now()) })
      .compile(),
  ];
}

function createExecutions(): CompiledQuery {
  return builder.schema
    .createTable("executions")
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("created_at", "text", (column) => column.notNull().defaultTo(sql`(datetime('now'))`))
    .addColumn("delivery_id", "text")
    .addColumn("repo", "text", required)
    .addColumn("pr_number", "integer")
    .addColumn("event_type", "text", required)
    .addColumn("provider", "text", (column) => column.notNull().defaultTo("anthropic"))
    .addColumn("model", "text", required)
    .addColumn("input_tokens", "integer", orZero)
    .addColumn("output_tokens", "integer", orZero)
    .addColumn("cache_read_tokens", "integer", orZero)
    .addColumn("cache_creation_tokens", "integer", orZero)
    .addColumn("duration_ms", "integer", orZero)
    .addColumn("cost_usd", "real", orZero)
    .addColumn("conclusion", "text", required)
    .addColumn("session_id", "text")
    .addColumn("num_turns", "integer", orZero)
    .addColumn("stop_reason", "text")
    .addColumn("execution_id", "text")
    .addColumn("usage_source", "text", orUnknown)
    .addColumn("cost_source", "text", orUnknown)
    .compile();
}

/** SQLite adds one column a statement. */
function addExecutionColumns(): CompiledQuery[] {
  const executions = builder.schema.alterTable("executions");
  return [
    executions.addColumn("execution_id", "text").compile(),
    executions.addColumn("usage_source", "text", orUnknown).compile(),
    executions.addColumn("cost_source", "text", orUnknown).compile(),
  ];
}

function createIndex(column: "created_at" | "repo" | "execution_id"): CompiledQuery {
  const index = builder.schema
    .createIndex(`idx_executions_${column}`)
    .ifNotExists()
    .on("executions")
    .column(column);
  return (column === "execution_id" ? index.unique() : index).compile();
}

function createUsageDaily(): CompiledQuery {
  return (
    builder.schema
      .createTable("usage_daily")
      .addColumn("day", "text", required)
      .addColumn("repo", "text", required)
      .addColumn("event_type", "text", required)
      .addColumn("provider", "text", required)
      .addColumn("model", "text", required)
      .addColumn("conclusion", "text", required)
      .addColumn("executions", "integer", required)
      .addColumn("input_tokens", "integer", required)
      .addColumn("output_tokens", "integer", required)
      .addColumn("cache_read_tokens", "integer", required)
      .addColumn("cache_creation_tokens", "integer", required)
      .addColumn("duration_ms", "integer", required)
      .addColumn("num_turns", "integer", required)
      .addColumn("cost_usd", "real", required)
      .addColumn("without_usage", "integer", required)
      .addColumn("without_cost", "integer", required)
      .addPrimaryKeyConstraint("pk_usage_daily", [...USAGE_KEYS])
      // The rows live in the key's own tree: half the size, and one page less to write for each sum.
      .modifyEnd(sql`without rowid`)
      .compile()
  );
}

function createIncidents(): CompiledQuery {
  return builder.schema
    .createTable("incidents")
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("at", "text", required)
    .addColumn("kind", "text", required)
    .addColumn("count", "integer", (column) => column.notNull().defaultTo(1))
    .addColumn("reason", "text", required)
    .addColumn("payload", "text")
    .compile();
}

function createLedgerFacts(): CompiledQuery {
  return builder.schema
    .createTable("ledger")
    .addColumn("key", "text", (column) => column.notNull().primaryKey())
    .addColumn("value", "text", required)
    .compile();
}

function createForwardTargets(): CompiledQuery {
  return builder.schema
    .createTable("forward_targets")
    .addColumn("target", "text", (column) => column.notNull().primaryKey())
    .addColumn("last_id", "integer", orZero)
    .addColumn("last_incident_id", "integer", orZero)
    .compile();
}

function required(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull();
}

function orZero(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull().defaultTo(0);
}

function orUnknown(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull().defaultTo("unknown");
}
