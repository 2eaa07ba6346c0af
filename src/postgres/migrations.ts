import { type ColumnDefinitionBuilder, type Kysely, type Migration, Migrator, sql } from "kysely";
import { RunledgerError } from "../errors";
import { EXECUTIONS_VIEW, executionsViewColumns } from "../ledger/executions-view";
import { LABEL_KEYS, USAGE_KEYS } from "../ledger/schema";
import { isMissingTable } from "./errors";
import type { PostgresSchema } from "./schema";

/** Kysely's own tables, in the same schema. */
const MIGRATION_TABLE = "runledger_migration";
const MIGRATION_LOCK_TABLE = "runledger_migration_lock";

/** Sorts and compares byte by byte, as SQLite does, whatever the database's collation. */
const TEXT = sql`text collate "C"`;

type MigrationTables = { [MIGRATION_TABLE]: { name: string } };

/** By name, in order. */
const MIGRATIONS = { "0001_ledger": createLedger } as const satisfies Record<
  string,
  (db: Kysely<PostgresSchema>) => Promise<void>
>;

/**
 * Migrates a PostgreSQL ledger to the latest version under Kysely's advisory lock, so any number of processes may do it
 * at once. Creates the schema if missing. A ledger that is up to date is only read.
 *
 * @throws {RunledgerError} `SCHEMA_TOO_NEW`; and the database's own errors.
 */
export async function migratePostgres(db: Kysely<PostgresSchema>, schema: string): Promise<void> {
  const { missing } = await compareSchema(db, schema);
  if (missing.length === 0) return;
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrationsIn(schema) },
    migrationTableName: MIGRATION_TABLE,
    migrationLockTableName: MIGRATION_LOCK_TABLE,
    migrationTableSchema: schema,
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // A newer Runledger may have migrated it meanwhile.
  await compareSchema(db, schema);
  throw error;
}

/**
 * Refuses a database whose encoding can't represent all text: a single value that it can't store would block
 * everything after it.
 *
 * @throws {RunledgerError} `FORWARD_FAILED`
 */
export async function assertUnicode(db: Kysely<PostgresSchema>): Promise<void> {
  const { rows } = await sql<{ server_encoding: string }>`SHOW server_encoding`.execute(db);
  const encoding = rows[0]?.server_encoding ?? "";
  if (encoding === "UTF8" || encoding === "SQL_ASCII") return;
  throw new RunledgerError(
    "FORWARD_FAILED",
    `The database has the encoding ${encoding}, which can't represent all text.`,
    {
      hint: "Create one with UTF8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
    },
  );
}

/**
 * The migrations that a PostgreSQL ledger lacks: all of them if there is no ledger.
 *
 * @throws {RunledgerError} `SCHEMA_TOO_NEW`; and the database's own errors.
 */
export async function compareSchema(
  db: Kysely<PostgresSchema>,
  schema: string,
): Promise<{ readonly exists: boolean; readonly missing: readonly string[] }> {
  const known = Object.keys(MIGRATIONS);
  const done = await migrationsDone(db, schema);
  const unknown = done.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new RunledgerError(
      "SCHEMA_TOO_NEW",
      `The PostgreSQL ledger in schema ${schema} has the migration ${unknown.join(", ")}, which this Runledger doesn't know.`,
      { hint: "Update runledger." },
    );
  }
  return { exists: done.length > 0, missing: known.filter((name) => !done.includes(name)) };
}

async function migrationsDone(db: Kysely<PostgresSchema>, schema: string): Promise<string[]> {
  try {
    const rows = await db
      .withSchema(schema)
      .withTables<MigrationTables>()
      .selectFrom(MIGRATION_TABLE)
      .select("name")
      .execute();
    return rows.map(({ name }) => name);
  } catch (error) {
    if (isMissingTable(error)) return [];
    throw error;
  }
}

function migrationsIn(schema: string): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(MIGRATIONS).map(([name, up]) => [
      name,
      { up: (db: Kysely<unknown>) => up((db as Kysely<PostgresSchema>).withSchema(schema)) },
    ]),
  );
}

async function createLedger(db: Kysely<PostgresSchema>): Promise<void> {
  await createExecutions(db);
  await createExecutionModels(db);
  const completedAt = sql`to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  await db.schema
    .createView(EXECUTIONS_VIEW)
    .as(db.selectFrom("executions").select(executionsViewColumns(completedAt)))
    .execute();
  await createUsageDaily(db);
  await createUsageDailyLabels(db);
  await createIncidents(db);
  await db.schema
    .createTable("ledger")
    .addColumn("key", TEXT, (column) => column.primaryKey())
    .addColumn("value", TEXT, required)
    .execute();
  await db.schema
    .createTable("forward_sources")
    .addColumn("ledger_id", TEXT, (column) => column.primaryKey())
    .addColumn("last_id", "bigint", orZero)
    .addColumn("last_execution_id", TEXT)
    .addColumn("last_incident_id", "bigint", orZero)
    .addColumn("resent_up_to", "bigint", orZero)
    .addColumn("updated_at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
    .execute();
  await db.insertInto("ledger").values({ key: "id", value: Bun.randomUUIDv7() }).execute();
}

async function createExecutions(db: Kysely<PostgresSchema>): Promise<void> {
  await db.schema
    .createTable("executions")
    .addColumn("execution_id", TEXT, (column) => column.primaryKey())
    .addColumn("id", "bigint", (column) => column.generatedAlwaysAsIdentity().notNull())
    .addColumn("ledger_id", TEXT, required)
    .addColumn("created_at", "timestamptz", required)
    .addColumn("delivery_id", TEXT)
    .addColumn("repo", TEXT, required)
    .addColumn("pr_number", "bigint")
    .addColumn("event_type", TEXT, required)
    .addColumn("provider", TEXT, required)
    .addColumn("model", TEXT, required)
    .addColumn("input_tokens", "bigint", required)
    .addColumn("output_tokens", "bigint", required)
    .addColumn("cache_read_tokens", "bigint", required)
    .addColumn("cache_creation_tokens", "bigint", required)
    .addColumn("duration_ms", "bigint", required)
    .addColumn("cost_usd", "double precision", required)
    .addColumn("conclusion", TEXT, required)
    .addColumn("session_id", TEXT)
    .addColumn("num_turns", "bigint")
    .addColumn("stop_reason", TEXT)
    .addColumn("usage_source", TEXT, required)
    .addColumn("cost_source", TEXT, required)
    .addColumn("labels", "jsonb")
    .execute();
  const index = (name: string) => db.schema.createIndex(`idx_executions_${name}`).on("executions");
  await index("id").column("id").unique().execute();
  await index("created_at").columns(["created_at", "id"]).execute();
  await index("repo").columns(["repo", "created_at"]).execute();
}

async function createExecutionModels(db: Kysely<PostgresSchema>): Promise<void> {
  await db.schema
    .createTable("execution_models")
    .addColumn("ledger_id", TEXT, required)
    .addColumn("execution_id", TEXT, required)
    .addColumn("created_at", "timestamptz", required)
    .addColumn("provider", TEXT, required)
    .addColumn("model", TEXT, required)
    .addColumn("input_tokens", "bigint")
    .addColumn("output_tokens", "bigint")
    .addColumn("cache_read_tokens", "bigint")
    .addColumn("cache_creation_tokens", "bigint")
    .addColumn("cost_usd", "double precision")
    .addColumn("cost_source", TEXT, required)
    .addPrimaryKeyConstraint("pk_execution_models", [
      "ledger_id",
      "execution_id",
      "created_at",
      "provider",
      "model",
    ])
    .execute();
}

async function createUsageDaily(db: Kysely<PostgresSchema>): Promise<void> {
  await db.schema
    .createTable("usage_daily")
    .addColumn("ledger_id", TEXT, required)
    .addColumn("day", TEXT, required)
    .addColumn("repo", TEXT, required)
    .addColumn("event_type", TEXT, required)
    .addColumn("provider", TEXT, required)
    .addColumn("model", TEXT, required)
    .addColumn("conclusion", TEXT, required)
    .addColumn("executions", "bigint", required)
    .addColumn("input_tokens", "bigint", required)
    .addColumn("output_tokens", "bigint", required)
    .addColumn("cache_read_tokens", "bigint", required)
    .addColumn("cache_creation_tokens", "bigint", required)
    .addColumn("duration_ms", "bigint", required)
    .addColumn("num_turns", "bigint", required)
    .addColumn("cost_usd", "double precision", required)
    .addColumn("used_in", "bigint", required)
    .addColumn("used_without_usage", "bigint", required)
    .addColumn("used_without_cost", "bigint", required)
    .addColumn("without_usage", "bigint", required)
    .addColumn("without_cost", "bigint", required)
    .addColumn("without_duration", "bigint", required)
    .addColumn("without_turns", "bigint", required)
    .addColumn("estimated_cost_usd", "double precision", required)
    .addPrimaryKeyConstraint("pk_usage_daily", ["ledger_id", ...USAGE_KEYS])
    // Every batch updates rows: with free space on the page, an update needs no new index entries (HOT).
    .modifyEnd(sql`with (fillfactor = 70)`)
    .execute();
  await db.schema.createIndex("idx_usage_daily_day").on("usage_daily").column("day").execute();
}

async function createUsageDailyLabels(db: Kysely<PostgresSchema>): Promise<void> {
  await db.schema
    .createTable("usage_daily_labels")
    .addColumn("ledger_id", TEXT, required)
    .addColumn("label", TEXT, required)
    .addColumn("day", TEXT, required)
    .addColumn("value", TEXT, required)
    .addColumn("executions", "bigint", required)
    .addColumn("failures", "bigint", required)
    .addColumn("input_tokens", "bigint", required)
    .addColumn("output_tokens", "bigint", required)
    .addColumn("cache_read_tokens", "bigint", required)
    .addColumn("cache_creation_tokens", "bigint", required)
    .addColumn("duration_ms", "bigint", required)
    .addColumn("num_turns", "bigint", required)
    .addColumn("cost_usd", "double precision", required)
    .addColumn("failed_cost_usd", "double precision", required)
    .addColumn("without_usage", "bigint", required)
    .addColumn("without_cost", "bigint", required)
    .addColumn("without_duration", "bigint", required)
    .addColumn("without_turns", "bigint", required)
    .addColumn("estimated_cost_usd", "double precision", required)
    .addPrimaryKeyConstraint("pk_usage_daily_labels", ["ledger_id", ...LABEL_KEYS])
    .modifyEnd(sql`with (fillfactor = 70)`)
    .execute();
  await db.schema
    .createIndex("idx_usage_daily_labels_label")
    .on("usage_daily_labels")
    .columns(["label", "day"])
    .execute();
}

async function createIncidents(db: Kysely<PostgresSchema>): Promise<void> {
  await db.schema
    .createTable("incidents")
    .addColumn("incident_id", TEXT, (column) => column.primaryKey())
    .addColumn("id", "bigint", (column) => column.generatedAlwaysAsIdentity().notNull())
    .addColumn("ledger_id", TEXT, required)
    .addColumn("at", "timestamptz", required)
    .addColumn("kind", TEXT, required)
    .addColumn("count", "bigint", required)
    .addColumn("reason", TEXT, required)
    .addColumn("payload", TEXT)
    .execute();
  const index = (name: string) => db.schema.createIndex(`idx_incidents_${name}`).on("incidents");
  await index("id").column("id").unique().execute();
  await index("at").column("at").execute();
}

function required(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull();
}

function orZero(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull().defaultTo(0);
}
