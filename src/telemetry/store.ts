import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { defaultLogger, type Logger } from "../logger";
import type { Connection } from "./connection";
import { openLedgerFile, type Synchronous } from "./open";
import { purgeSlices, vacuumSlices } from "./purge";
import { toExecutionRow } from "./record";
import { EXECUTION_COLUMNS, type NewExecutionRow, USAGE_KEYS, USAGE_SUMS } from "./schema";
import { storing } from "./sqlite-errors";
import { ADD_USAGE, INSERT_EXECUTION, insertIncident, SELECT_PURGED_BEFORE } from "./statements";
import { cutoffText, DAY_MS } from "./time";
import type { Incident, TelemetryRecord, TelemetryStore, WriteResult } from "./types";
import { UsageTotals } from "./usage-totals";

/** Rows written between two checkpoints. */
const CHECKPOINT_EVERY_ROWS = 1_000;
const USAGE_COLUMNS = [...USAGE_KEYS, ...USAGE_SUMS] as const;

/** Options of {@link createTelemetryStore}. */
export interface TelemetryStoreOptions {
  /** Path of the SQLite file; it and its folder are made when missing. `:memory:` keeps everything in memory. */
  readonly dbPath: string;
  /** Default: pino, warnings and errors only, on stderr. */
  readonly logger?: Logger | undefined;
  /** `FULL` syncs every commit to the disk; `NORMAL`, the default, every checkpoint. */
  readonly synchronous?: Synchronous | undefined;
}

/**
 * The ledger: a synchronous store on one SQLite connection. When a method returns, what it did is committed and
 * seen by every other connection. After `close`, every method throws `CLOSED`.
 */
export interface SqliteTelemetryStore extends TelemetryStore, Disposable {
  /**
   * Stores one execution; recording the same `executionId` again changes nothing.
   *
   * @throws {RunledgerError} `INVALID_RECORD`, `BEYOND_RETENTION`, `STORE_FAILED`, `CLOSED`; nothing is written.
   */
  record(entry: TelemetryRecord): void;
  /**
   * Stores many executions in one transaction: all of them, or when it throws, none.
   *
   * @throws {RunledgerError} `INVALID_ARGUMENT`, `INVALID_RECORD`, `BEYOND_RETENTION`, `STORE_FAILED`, `CLOSED`
   */
  recordMany(entries: readonly TelemetryRecord[]): WriteResult;
  /** @throws {RunledgerError} `STORE_FAILED`, `CLOSED` */
  recordIncident(incident: Incident): void;
  /**
   * Deletes executions and incidents that are older than so many days (24 h each, fractions allowed), in
   * transactions of at most 5,000 rows, and gives the freed pages back to the file system. `usage_daily` keeps
   * the sums.
   *
   * @returns how many executions were deleted.
   * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`, `CLOSED`
   */
  purgeOlderThan(days: number): number;
  /**
   * Copies the write-ahead log into the database file as far as readers allow, without waiting for them.
   * Happens by itself after every 1000 rows written.
   *
   * @throws {RunledgerError} `STORE_FAILED`, `CLOSED`
   */
  checkpoint(): void;
  /** Checkpoints and closes the file; no `-wal` and no `-shm` is left when nobody else has it open. */
  close(): void;
}

/**
 * Opens a ledger for writing.
 *
 * @throws {RunledgerError} `INVALID_OPTION`, `OPEN_FAILED`, `SCHEMA_TOO_NEW`
 * @example
 * ```ts
 * using store = createTelemetryStore({ dbPath: "./data/telemetry.db" });
 * store.record({ repo: "octo-org/octo-repo", eventType: "push", model: "claude-sonnet-4-5", conclusion: "success" });
 * ```
 */
export function createTelemetryStore(options: TelemetryStoreOptions): SqliteTelemetryStore {
  const { dbPath, logger = defaultLogger(), synchronous = "NORMAL" } = options;
  if (typeof dbPath !== "string" || dbPath === "") {
    throw new RunledgerError(
      "INVALID_OPTION",
      `dbPath: expected a file's path, received ${describe(dbPath)}.`,
    );
  }
  if (synchronous !== "NORMAL" && synchronous !== "FULL") {
    throw new RunledgerError(
      "INVALID_OPTION",
      `synchronous: expected "NORMAL" or "FULL", received ${describe(synchronous)}.`,
    );
  }
  return new SqliteStore(openLedgerFile(dbPath, synchronous), logger);
}

class SqliteStore implements SqliteTelemetryStore {
  readonly #connection: Connection;
  readonly #logger: Logger;
  #rowsSinceCheckpoint = 0;
  #closed = false;

  constructor(connection: Connection, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
  }

  record(entry: TelemetryRecord): void {
    this.#assertOpen();
    this.#write([toExecutionRow(entry)]);
  }

  recordMany(entries: readonly TelemetryRecord[]): WriteResult {
    this.#assertOpen();
    if (!Array.isArray(entries)) {
      throw new RunledgerError(
        "INVALID_ARGUMENT",
        `recordMany: expected an array of records, received ${describe(entries)}.`,
      );
    }
    const nameOf = (index: number) => (entries.length === 1 ? "record" : `records[${index}]`);
    return this.#write(entries.map((entry, index) => toExecutionRow(entry, nameOf(index))));
  }

  recordIncident(incident: Incident): void {
    this.#assertOpen();
    storing("record an incident", () => this.#connection.run(insertIncident(incident)));
  }

  purgeOlderThan(days: number): number {
    this.#assertOpen();
    if (typeof days !== "number" || !Number.isFinite(days) || days < 0) {
      throw new RunledgerError(
        "INVALID_ARGUMENT",
        `purgeOlderThan: expected a number of days, 0 or more, received ${describe(days)}.`,
      );
    }
    const cutoff = cutoffText(Date.now() - days * DAY_MS);
    if (cutoff === undefined) return 0;
    const purged = storing("purge", () =>
      purgeSlices(this.#connection, cutoff).reduce((total, deleted) => total + deleted, 0),
    );
    if (purged > 0) this.#shrink();
    return purged;
  }

  checkpoint(): void {
    this.#assertOpen();
    storing("checkpoint", () => this.#connection.pragma("wal_checkpoint(PASSIVE)"));
    this.#rowsSinceCheckpoint = 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      // Whoever else has the file open keeps the -wal alive anyway: don't wait for them.
      this.#connection.pragma("busy_timeout = 0");
      this.#connection.pragma("wal_checkpoint(TRUNCATE)");
    } catch (err) {
      this.#logger.warn({ err }, "the last checkpoint failed; the next to open the ledger makes up for it");
    } finally {
      this.#connection.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(rows: readonly NewExecutionRow[]): WriteResult {
    if (rows.length === 0) return { written: 0, duplicates: 0 };
    const connection = this.#connection;
    const written = storing("record", () =>
      connection.transaction(() => {
        refuseBeyondRetention(rows, connection.all(SELECT_PURGED_BEFORE)[0]?.value);
        const totals = new UsageTotals();
        let inserted = 0;
        for (const row of rows) {
          const bindings = EXECUTION_COLUMNS.map((column) => row[column]);
          if (connection.run(INSERT_EXECUTION, bindings) === 0) continue;
          inserted += 1;
          totals.add(row);
        }
        for (const row of totals.rows()) {
          const bindings = USAGE_COLUMNS.map((column) => row[column]);
          connection.run(ADD_USAGE, bindings);
        }
        return inserted;
      }),
    );
    this.#checkpointWhenDue(written);
    return { written, duplicates: rows.length - written };
  }

  #checkpointWhenDue(written: number): void {
    this.#rowsSinceCheckpoint += written;
    if (this.#rowsSinceCheckpoint < CHECKPOINT_EVERY_ROWS) return;
    this.#afterCommit("checkpoint", () => this.checkpoint());
  }

  #shrink(): void {
    this.#afterCommit("give pages back", () => {
      for (const _ of vacuumSlices(this.#connection));
      this.checkpoint();
    });
  }

  /** Maintenance after a commit: when it fails, what was committed has succeeded all the same. */
  #afterCommit(operation: string, action: () => void): void {
    try {
      action();
    } catch (err) {
      this.#logger.warn({ err }, `could not ${operation}; it is tried again the next time`);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new RunledgerError("CLOSED", "The telemetry store is closed.");
  }
}

function refuseBeyondRetention(rows: readonly NewExecutionRow[], purgedBefore: string | undefined): void {
  if (purgedBefore === undefined) return;
  const tooOld = rows.find((row) => row.created_at < purgedBefore);
  if (tooOld === undefined) return;
  throw new RunledgerError(
    "BEYOND_RETENTION",
    `Execution ${tooOld.execution_id} completed at ${tooOld.created_at}, before ${purgedBefore}, up to which the ledger was purged.`,
    { hint: "It may have been counted and purged already, so it can't be told from a duplicate." },
  );
}
