import { accessSync, constants, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { Connection } from "./connection";
import { createPrivately } from "./create-privately";
import { migrate, schemaVersion } from "./migrations";
import { kindOf } from "./recognize";
import { SCHEMA_VERSION } from "./schema";
import { hintFor } from "./sqlite-errors";
import { storedUserVersion } from "./stored-version";

const { R_OK, W_OK } = constants;

/**
 * The size of the -wal, in pages of 4 KiB, at which SQLite checkpoints by itself: a bound for very large rows.
 * Ordinary rows are checkpointed by count, long before they fill that much.
 */
const WAL_AUTOCHECKPOINT_PAGES = 16_384;
/**
 * The size, in bytes, to which a -wal that grew under a long reader is truncated after a complete checkpoint. It is
 * well above what 8,000 executions in 200 repositories need: truncating a file that grows again at once costs time.
 */
export const WAL_KEPT_BYTES = 32 << 20;
/**
 * Cache size in KiB: enough for the pages that one transaction of 4,096 executions in 200 repositories touches. With
 * SQLite's default of 2,000 KiB they would be written out before the commit and read again.
 */
const CACHE_KIB = 8_000;
/** When a commit has reached the disk: with `FULL` at once, with `NORMAL` at the next checkpoint. */
export type Synchronous = "NORMAL" | "FULL";

/** How to open a ledger. */
export interface OpenOptions {
  readonly synchronous: Synchronous;
  /** How long a write waits for another process's lock before it fails, in milliseconds. Default 5000. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens the ledger for writing; creates it, its folder and its tables if missing.
 *
 * @throws {RunledgerError} `OPEN_FAILED` or `SCHEMA_TOO_NEW`; the file is then as it was.
 */
export function openLedgerFile(
  dbPath: string,
  { synchronous, busyTimeoutMs = 5_000 }: OpenOptions,
): Connection {
  let connection: Connection | undefined;
  try {
    if (dbPath !== ":memory:") prepareFile(dbPath);
    // Whatever path it is opened by, SQLite puts the -wal and -shm beside the target of a symbolic link.
    connection = new Connection(dbPath === ":memory:" ? dbPath : realpathSync(dbPath));
    connection.pragma(`busy_timeout = ${busyTimeoutMs}`);
    connection.pragma("trusted_schema = OFF");
    connection.pragma(`cache_size = -${CACHE_KIB}`);
    connection.pragma(`synchronous = ${synchronous}`);
    prepareSchema(connection, dbPath);
    // Last, because it changes the file: a failure before this leaves a database of the earlier design untouched.
    useWal(connection, busyTimeoutMs);
    return connection;
  } catch (error) {
    connection?.close();
    if (error instanceof RunledgerError) throw error;
    throw new RunledgerError("OPEN_FAILED", `Can't open the ledger ${dbPath}: ${messageOf(error)}.`, {
      cause: error,
      hint: hintFor(error),
    });
  }
}

function prepareFile(dbPath: string): void {
  createPrivately(dbPath);
  // SQLite would open a read-only file and fail at the first write.
  accessSync(dbPath, R_OK | W_OK);
  accessSync(dirname(dbPath), W_OK);
  // Read from the main file alone: merely closing a connection may checkpoint an existing -wal into it.
  refuseNewer(dbPath, storedUserVersion(dbPath));
}

function prepareSchema(connection: Connection, dbPath: string): void {
  refuseNewer(dbPath, schemaVersion(connection));
  const kind = kindOf(connection);
  if (kind === "foreign") throw foreign(dbPath);
  // Takes effect only before anything is written; later it would change nothing and wait for the write lock.
  if (kind === "empty") connection.pragma("auto_vacuum = INCREMENTAL");
  migrate(connection);
}

function refuseNewer(dbPath: string, version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new RunledgerError(
    "SCHEMA_TOO_NEW",
    `The ledger ${dbPath} has schema version ${version}; this Runledger knows up to ${SCHEMA_VERSION}.`,
    { hint: "Update runledger, or set another dbPath." },
  );
}

/** Refuses the database of another program. */
function foreign(dbPath: string): RunledgerError {
  return new RunledgerError("OPEN_FAILED", `${dbPath} is the database of another program.`, {
    hint: "Set another dbPath: a ledger has a file of its own.",
  });
}

function useWal(connection: Connection, busyTimeoutMs: number): void {
  connection.pragma(`wal_autocheckpoint = ${WAL_AUTOCHECKPOINT_PAGES}`);
  connection.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`);
  untilNotBusy(busyTimeoutMs, () => connection.pragma("journal_mode = WAL"));
}

/** While another process changes the journal mode, SQLite reports busy without waiting. */
function untilNotBusy(timeoutMs: number, action: () => unknown): void {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      action();
      return;
    } catch (error) {
      if (!codeOf(error).startsWith("SQLITE_BUSY") || performance.now() > deadline) throw error;
      Bun.sleepSync(5);
    }
  }
}
