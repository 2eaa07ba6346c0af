import type { CompiledQuery } from "kysely";
import { RunledgerError } from "../errors";
import type { Incident } from "../record/types";
import { addTotals } from "./add-totals";
import type { Connection } from "./connection";
import { EXECUTION_COLUMNS, type ExecutionModelRow, MODEL_COLUMNS, type NewExecutionRow } from "./schema";
import {
  deleteModels,
  INSERT_EXECUTION,
  insertIncident,
  insertModel,
  SELECT_PURGED_BEFORE,
  selectExecution,
} from "./statements";
import type { WriteResult } from "./types";
import { UsageTotals } from "./usage-totals";

/** Rows written between two checkpoints. */
const CHECKPOINT_EVERY_ROWS = 1_000;
/** The same while more is waiting: index pages that many rows share are then copied only once. */
const CHECKPOINT_EVERY_ROWS_WHEN_BUSY = 8_000;

/**
 * What to do with a row from before the last purge: store the incident that is returned, throw the error, or `write`
 * the row although it may already have been counted and purged.
 */
export type OnBeyondRetention =
  | ((row: NewExecutionRow, error: RunledgerError) => Incident | undefined)
  | "write";

/** Writes valid rows to an open ledger. It throws SQLite's own errors, and what `onBeyondRetention` throws. */
export class SqliteLedger {
  readonly connection: Connection;
  #rowsSinceCheckpoint = 0;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /**
   * Writes rows, their sums and incidents, and runs what belongs to them, in one transaction: if it throws, nothing is
   * written.
   */
  write(
    rows: readonly NewExecutionRow[],
    incidents: readonly Incident[],
    onBeyondRetention: OnBeyondRetention,
    alongside: readonly CompiledQuery[] = [],
  ): WriteResult & { readonly refused: number } {
    const { connection } = this;
    const result = connection.transaction(() => {
      const purgedBefore = connection.all(SELECT_PURGED_BEFORE)[0]?.value ?? "";
      const totals = new UsageTotals();
      let written = 0;
      let refused = 0;
      for (const row of rows) {
        if (onBeyondRetention !== "write" && row.created_at < purgedBefore && !this.#has(row)) {
          refused += 1;
          const incident = onBeyondRetention(row, beyondRetention(row, purgedBefore));
          if (incident !== undefined) this.recordIncident(incident);
        } else if (
          connection.run(
            INSERT_EXECUTION,
            EXECUTION_COLUMNS.map((column) => row[column]),
          ) > 0
        ) {
          written += 1;
          if (row.models !== undefined) this.#writeModels(row.execution_id, row.models);
          totals.add(row);
        }
      }
      for (const incident of addTotals(connection, totals)) this.recordIncident(incident);
      for (const incident of incidents) this.recordIncident(incident);
      for (const query of alongside) connection.run(query);
      return { written, refused, duplicates: rows.length - written - refused };
    });
    this.#rowsSinceCheckpoint += result.written;
    return result;
  }

  #writeModels(executionId: string | null, models: readonly ExecutionModelRow[]): void {
    // Left behind by an execution that somebody deleted by hand.
    this.connection.run(deleteModels(), [executionId]);
    for (const model of models) {
      this.connection.run(
        insertModel(),
        MODEL_COLUMNS.map((column) => model[column]),
      );
    }
  }

  /** A row that is still stored is a duplicate, however old it is. */
  #has({ execution_id }: NewExecutionRow): boolean {
    return this.connection.all(selectExecution(execution_id)).length > 0;
  }

  recordIncident(incident: Incident): void {
    this.connection.run(insertIncident(incident));
  }

  /** Whether a checkpoint is due; `isBusy` when more rows are waiting, which a checkpoint would delay. */
  isCheckpointDue(isBusy = false): boolean {
    return this.#rowsSinceCheckpoint >= (isBusy ? CHECKPOINT_EVERY_ROWS_WHEN_BUSY : CHECKPOINT_EVERY_ROWS);
  }

  /**
   * Copies the -wal into the main file as far as readers allow, without waiting for them.
   *
   * @returns how many pages could not be copied.
   */
  checkpoint(): number {
    const [result] = this.connection.pragma("wal_checkpoint(PASSIVE)");
    this.#rowsSinceCheckpoint = 0;
    return Number(result?.["log"]) - Number(result?.["checkpointed"]);
  }

  /**
   * Checkpoints and closes without waiting for readers: whoever else has the file open keeps the -wal alive anyway.
   *
   * @returns the error of the last checkpoint, if it failed; whoever opens the ledger next makes up for it.
   */
  close(): unknown {
    try {
      this.connection.pragma("busy_timeout = 0");
      this.connection.pragma("wal_checkpoint(TRUNCATE)");
      return undefined;
    } catch (error) {
      return error;
    } finally {
      this.connection.close();
    }
  }
}

function beyondRetention(row: NewExecutionRow, purgedBefore: string): RunledgerError {
  return new RunledgerError(
    "BEYOND_RETENTION",
    `Execution ${row.execution_id} completed at ${row.created_at}, before ${purgedBefore}, up to which the ledger was purged.`,
    { hint: "It may have been counted and purged already, so it can't be told from a duplicate." },
  );
}
