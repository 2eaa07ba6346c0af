import * as z from "zod";
import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { defaultLogger, harmless, type Logger } from "../logger";
import type { Incident, TelemetryRecord } from "../record/types";
import { explain } from "../validation";
import { cutoffOf } from "./cutoff";
import { openLedgerFile, type Synchronous } from "./open";
import { dbPathOption, loggerOption, synchronousOption } from "./options";
import { plainPath } from "./plain-path";
import { purgeSlices, vacuumSlices } from "./purge";
import { toExecutionRow } from "./row";
import type { NewExecutionRow } from "./schema";
import { storing } from "./sqlite-errors";
import { SqliteLedger } from "./sqlite-ledger";
import type { TelemetryStore, WriteResult } from "./types";

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
  const result = optionsSchema.safeParse(options, { reportInput: true });
  if (!result.success) {
    throw new RunledgerError(
      "INVALID_OPTION",
      `telemetry store: ${explain(result.error, "an object of options")}.`,
    );
  }
  const { dbPath, synchronous = "NORMAL", logger = defaultLogger() } = result.data;
  return new SqliteStore(
    new SqliteLedger(openLedgerFile(plainPath(dbPath), { synchronous })),
    harmless(logger),
  );
}

const optionsSchema = z.strictObject({
  dbPath: dbPathOption,
  synchronous: synchronousOption.optional(),
  logger: loggerOption.optional(),
});

class SqliteStore implements SqliteTelemetryStore {
  readonly #ledger: SqliteLedger;
  readonly #logger: Logger;
  #closed = false;

  constructor(ledger: SqliteLedger, logger: Logger) {
    this.#ledger = ledger;
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
    // `Array.from` sees the holes of a sparse array, which `map` would skip.
    return this.#write(Array.from(entries, (entry, index) => toExecutionRow(entry, `records[${index}]`)));
  }

  recordIncident(incident: Incident): void {
    this.#assertOpen();
    assertIncident(incident);
    storing("record an incident", () => this.#ledger.recordIncident(incident));
  }

  purgeOlderThan(days: number): number {
    this.#assertOpen();
    const cutoff = cutoffOf(days);
    if (cutoff === undefined) return 0;
    const purged = storing("purge", () => {
      let total = 0;
      for (const deleted of purgeSlices(this.#ledger.connection, cutoff)) total += deleted;
      return total;
    });
    this.#shrink();
    return purged;
  }

  checkpoint(): void {
    this.#assertOpen();
    storing("checkpoint", () => void this.#ledger.checkpoint());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const err = this.#ledger.close();
    if (err !== undefined) this.#logger.warn({ err }, "the last checkpoint failed");
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(rows: readonly NewExecutionRow[]): WriteResult {
    if (rows.length === 0) return { written: 0, duplicates: 0 };
    const { written, duplicates } = storing("record", () =>
      this.#ledger.write(rows, [], (_, error) => {
        throw error;
      }),
    );
    if (this.#ledger.isCheckpointDue()) this.#afterCommit("checkpoint", () => this.#ledger.checkpoint());
    return { written, duplicates };
  }

  #shrink(): void {
    this.#afterCommit("give pages back", () => {
      let isSmaller = false;
      for (const _ of vacuumSlices(this.#ledger.connection)) isSmaller = true;
      if (isSmaller) this.#ledger.checkpoint();
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

function assertIncident(incident: Incident): void {
  if (typeof incident?.kind === "string" && typeof incident.reason === "string") return;
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    `recordIncident: expected an object with kind and reason, received ${describe(incident)}.`,
  );
}
