import type { Generated } from "kysely";
import type { ExecutionsTable, IncidentsTable, UsageDailyTable } from "../ledger/schema";

// The tables of a PostgreSQL ledger, to which any number of SQLite ledgers are forwarded. Columns that both have are
// named, and read by `openPostgres`, as in SQLite: times as text, 64-bit integers as numbers.

/** One row per execution, of whatever ledger. */
export interface PostgresExecutionsTable extends ExecutionsTable {
  /** Whose row it is. */
  ledger_id: string;
  /** The primary key: an execution that two ledgers have is stored once. */
  execution_id: string;
}

/**
 * Sums per ledger, UTC day and key. The ledger is a part of the key so that a report by ledger is answered from sums,
 * and so that forwarders of different ledgers never wait for each other's rows.
 */
export interface PostgresUsageDailyTable extends UsageDailyTable {
  ledger_id: string;
}

/** Incidents of all ledgers, and what this database refused to store. */
export interface PostgresIncidentsTable extends IncidentsTable {
  /** Made of the content, so that the same incident sent again is stored once. The primary key. */
  incident_id: string;
  ledger_id: string;
}

/** Facts about this database: its own `id`, and up to when it was purged, in the form that SQLite ledgers have. */
export interface PostgresLedgerTable {
  key: "id" | "purged_before";
  value: string;
}

/** How far each ledger was forwarded: written in the transaction of the rows themselves, so never wrong. */
export interface ForwardSourcesTable {
  ledger_id: string;
  /** `id`, in the ledger, of the last execution that was forwarded. */
  last_id: Generated<number>;
  /** The execution that had this `id`: another one there means that the ledger was restored or copied. */
  last_execution_id: string | null;
  /** `id`, in the ledger, of the last incident that was forwarded. */
  last_incident_id: Generated<number>;
  /** Executions up to this `id` may have been here before, and may have been purged here since. */
  resent_up_to: Generated<number>;
  updated_at: string;
}

/** The tables of a PostgreSQL ledger, for Kysely. */
export interface PostgresSchema {
  executions: PostgresExecutionsTable;
  usage_daily: PostgresUsageDailyTable;
  incidents: PostgresIncidentsTable;
  ledger: PostgresLedgerTable;
  forward_sources: ForwardSourcesTable;
}
