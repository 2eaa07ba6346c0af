import { accessSync, closeSync, constants, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { Connection } from "./connection";
import { migrate, SCHEMA_VERSION, schemaVersion, tableNames } from "./migrations";
import { EARLIER_EXECUTION_COLUMNS } from "./schema";
import { codeOf, hintFor } from "./sqlite-errors";

const { R_OK, W_OK } = constants;

/** How long a write waits for another process's lock before it fails, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;
/**
 * The -wal file's size, in pages of 4 KiB, at which SQLite checkpoints on its own: a bound for very large rows.
 * Ordinary rows are checkpointed by count, long before they fill so much.
 */
const WAL_AUTOCHECKPOINT_PAGES = 16_384;
/** How every database file begins, and where it keeps `user_version`. (sqlite.org/fileformat.html) */
const MAGIC = "SQLite format 3\0";
const USER_VERSION_OFFSET = 60;

/** When a commit has reached the disk: with `FULL` at once, with `NORMAL` at the next checkpoint. */
export type Synchronous = "NORMAL" | "FULL";

/**
 * Opens the ledger for writing; makes it, its folder and its tables when they are not there.
 *
 * @throws {RunledgerError} `OPEN_FAILED` or `SCHEMA_TOO_NEW`; the file is then as it was.
 */
export function openLedgerFile(dbPath: string, synchronous: Synchronous): Connection {
  let connection: Connection | undefined;
  try {
    if (dbPath !== ":memory:") {
      createPrivately(dbPath);
      // SQLite would open what it may only read, and find out at the first write.
      accessSync(dbPath, R_OK | W_OK);
      accessSync(dirname(dbPath), W_OK);
      refuseNewer(dbPath, storedUserVersion(dbPath));
    }
    connection = new Connection(dbPath);
    connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    refuseNewer(dbPath, schemaVersion(connection));
    const tables = tableNames(connection);
    if (tables.size > 0) refuseForeign(dbPath, connection, tables);
    // Counts only before anything is written; later it would change nothing, and wait for the write lock.
    else connection.pragma("auto_vacuum = INCREMENTAL");
    configure(connection, synchronous);
    migrate(connection);
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

/** SQLite would create the file readable by everybody; its -wal and -shm get the file's mode. */
function createPrivately(dbPath: string): void {
  mkdirSync(dirname(dbPath), { recursive: true });
  try {
    closeSync(openSync(dbPath, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/**
 * Reads the file's own bytes before SQLite touches it: SQLite takes a file of one byte for an empty one, and
 * closing a connection may bring a -wal that is there into the file.
 */
function storedUserVersion(dbPath: string): number {
  const file = openSync(dbPath, "r");
  try {
    const header = Buffer.alloc(USER_VERSION_OFFSET + 4);
    const length = readSync(file, header);
    if (length === 0) return 0;
    if (length === header.length && header.toString("latin1", 0, MAGIC.length) === MAGIC) {
      return header.readUInt32BE(USER_VERSION_OFFSET);
    }
    throw Object.assign(new Error("file is not a database"), { code: "SQLITE_NOTADB" });
  } finally {
    closeSync(file);
  }
}

function refuseNewer(dbPath: string, version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new RunledgerError(
    "SCHEMA_TOO_NEW",
    `The ledger ${dbPath} has schema version ${version}; this Runledger knows up to ${SCHEMA_VERSION}.`,
    { hint: "Update runledger, or set another dbPath." },
  );
}

/** A database that is not ours is not ours to change. */
function refuseForeign(dbPath: string, connection: Connection, tables: ReadonlySet<string>): void {
  const columns = new Set(connection.pragma("table_info(executions)").map(({ name }) => name));
  const isLedger =
    schemaVersion(connection) > 0
      ? tables.has("ledger")
      : EARLIER_EXECUTION_COLUMNS.every((column) => columns.has(column));
  if (isLedger) return;
  throw new RunledgerError("OPEN_FAILED", `${dbPath} is the database of another program.`, {
    hint: "Set another dbPath: a ledger has a file of its own.",
  });
}

function configure(connection: Connection, synchronous: Synchronous): void {
  connection.pragma("trusted_schema = OFF");
  connection.pragma(`synchronous = ${synchronous}`);
  connection.pragma(`wal_autocheckpoint = ${WAL_AUTOCHECKPOINT_PAGES}`);
  untilNotBusy(() => connection.pragma("journal_mode = WAL"));
}

/** While another process is changing the journal mode too, SQLite reports busy without waiting. */
function untilNotBusy(action: () => unknown): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
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
