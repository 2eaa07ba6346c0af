import type { Generated } from "kysely";
import type {
  ExecutionModelsTable,
  ExecutionsTable,
  IncidentsTable,
  UsageDailyLabelsTable,
  UsageDailyTable,
} from "../ledger/schema";

// The tables of a PostgreSQL ledger, to which any number of SQLite ledgers are forwarded. Shared columns have the
// same names as in SQLite, and `openPostgres` reads them alike: times as text, 64-bit integers as numbers.

/** One row per execution, of all ledgers. */
export interface PostgresExecutionsTable extends ExecutionsTable {
  /** The ledger that the row comes from. */
  ledger_id: string;
  /** The primary key: an execution that is in two ledgers is stored once. */
  execution_id: string;
}

/** What each model used in executions that used several. */
export interface PostgresExecutionModelsTable extends ExecutionModelsTable {
  ledger_id: string;
  /** The execution's: the tables may be partitioned by it. */
  created_at: string;
}

/**
 * Sums per ledger, UTC day and key. The ledger is part of the key so that a report by ledger is answered from sums, and
 * so that forwarders of different ledgers never wait for each other's rows.
 */
export interface PostgresUsageDailyTable extends UsageDailyTable {
  ledger_id: string;
}

/** Sums per ledger, label, UTC day and value. */
export interface PostgresUsageDailyLabelsTable extends UsageDailyLabelsTable {
  ledger_id: string;
}

/** Incidents of all ledgers, and those of rows that this database refused. */
export interface PostgresIncidentsTable extends IncidentsTable {
  /** The primary key, derived from the content, so that an incident sent twice is stored once. */
  incident_id: string;
  ledger_id: string;
}

/** Facts about this database: its `id`, and up to when it was purged, in the format of SQLite ledgers. */
export interface PostgresLedgerTable {
  key: "id" | "purged_before";
  value: string;
}

/** The watermark of each ledger, written in the transaction of the rows, so that it is never wrong. */
export interface ForwardSourcesTable {
  ledger_id: string;
  /** `id`, in the ledger, of the last execution that was forwarded. */
  last_id: Generated<number>;
  /** The execution that had this `id`. If another one has it now, the ledger was restored or copied. */
  last_execution_id: string | null;
  /** `id`, in the ledger, of the last incident that was forwarded. */
  last_incident_id: Generated<number>;
  /** Executions up to this `id` may have been stored here before and purged since. */
  resent_up_to: Generated<number>;
  updated_at: string;
}

/** The tables of a PostgreSQL ledger, for Kysely. */
export interface PostgresSchema {
  executions: PostgresExecutionsTable;
  execution_models: PostgresExecutionModelsTable;
  usage_daily: PostgresUsageDailyTable;
  usage_daily_labels: PostgresUsageDailyLabelsTable;
  incidents: PostgresIncidentsTable;
  ledger: PostgresLedgerTable;
  forward_sources: ForwardSourcesTable;
}
