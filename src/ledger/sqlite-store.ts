import * as z from "zod/mini";
import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { defaultLogger, harmless, type Logger } from "../logger";
import type { Incident, TelemetryRecord } from "../record/types";
import { explain } from "../validation";
import { cutoffOf } from "./cutoff";
import { heldBackAfterPurge } from "./held-back";
import { openLedgerFile } from "./open";
import { dbPathOption, loggerOption, synchronousOption } from "./options";
import { plainPath } from "./plain-path";
import { purgeSlices, vacuumSlices } from "./purge";
import { toExecutionRow } from "./row";
import type { NewExecutionRow } from "./schema";
import { storing } from "./sqlite-errors";
import { SqliteLedger } from "./sqlite-ledger";
import type { SqliteTelemetryStore, TelemetryStoreOptions } from "./store";
import type { WriteResult } from "./types";

const optionsSchema = z.strictObject({
  dbPath: dbPathOption,
  synchronous: z.optional(synchronousOption),
  logger: z.optional(loggerOption),
});

/**
 * Opens a ledger for writing: what `createTelemetryStore` does.
 *
 * @throws {RunledgerError} `INVALID_OPTION`, `OPEN_FAILED`, `SCHEMA_TOO_NEW`
 */
export function openStore(options: TelemetryStoreOptions): SqliteTelemetryStore {
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
    dbPath,
    harmless(logger),
  );
}

class SqliteStore implements SqliteTelemetryStore {
  readonly #ledger: SqliteLedger;
  readonly #dbPath: string;
  readonly #logger: Logger;
  #closed = false;

  constructor(ledger: SqliteLedger, dbPath: string, logger: Logger) {
    this.#ledger = ledger;
    this.#dbPath = dbPath;
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
    // `Array.from` visits the holes of a sparse array, which `map` would skip.
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
    this.#afterCommit("say what a purge kept", () => {
      for (const kept of heldBackAfterPurge(this.#ledger.connection, cutoff, this.#dbPath))
        this.#logger.warn({ dbPath: this.#dbPath }, kept);
    });
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

  /** Maintenance after a commit. Its failure does not undo the commit. */
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
