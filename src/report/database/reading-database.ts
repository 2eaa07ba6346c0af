import { Database, type SQLQueryBindings, type Statement, constants as sqlite } from "bun:sqlite";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../../describe";
import { RunledgerError } from "../../errors";

/** How long a read waits for another process's lock: locks are short, except for a recovery after a crash. */
const BUSY_TIMEOUT_MS = 5_000;

/** How many threads help with sorts of more than 2 MB, as for a report by session. */
const SORTING_THREADS = 2;

/**
 * Opens a SQLite file to read from; leaves no file behind.
 *
 * @throws SQLite's error, or `OPEN_FAILED`.
 */
export function openForReading(path: string): ReadingDatabase {
  if (wouldLitter(path)) return openUnwritable(path);
  try {
    // A read-only connection would leave -wal and -shm files behind; this one removes them, and writes nothing else.
    return readable(new ReadingDatabase(path, { readwrite: true, create: false, strict: true }));
  } catch (error) {
    if (!/^SQLITE_(CANTOPEN|READONLY)/.test(codeOf(error))) throw error;
    return openUnwritable(path);
  }
}

/** If only the folder is writable, SQLite would leave a -wal file of this user, which the ledger's owner can't write. */
function wouldLitter(path: string): boolean {
  return !isWritable(path) && isWritable(dirname(path)) && !existsSync(`${path}-shm`);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where SQLite can't create its -shm, or must not, the file can still be opened as immutable. */
function openUnwritable(path: string): ReadingDatabase {
  if (hasContent(`${path}-wal`) || hasContent(`${path}-journal`)) {
    throw new RunledgerError(
      "OPEN_FAILED",
      `Can't open the ledger ${path}: a part of it is in a file beside it, and this place is read-only.`,
      { hint: "Copy the file, and those whose names begin with its name, to a folder that is writable." },
    );
  }
  const uri = `${Bun.pathToFileURL(path).href}?immutable=1`;
  return readable(new ReadingDatabase(uri, sqlite.SQLITE_OPEN_READONLY | sqlite.SQLITE_OPEN_URI));
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Reads once, because errors show only at the first read. */
function readable(database: ReadingDatabase): ReadingDatabase {
  try {
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.pragma("trusted_schema = OFF");
    database.pragma(`threads = ${SORTING_THREADS}`);
    database.pragma("user_version");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

type Prepared<Row, Bindings extends SQLQueryBindings | SQLQueryBindings[]> = ReturnType<
  typeof Database.prototype.prepare<Row, Bindings>
>;

/** kysely-bun-sqlite prepares each query again and finalises none. This keeps one statement per SQL text, and finalises all at the end. */
export class ReadingDatabase extends Database {
  readonly #statements = new Map<string, Statement>();
  #isClosed = false;

  override prepare<Row, Bindings extends SQLQueryBindings | SQLQueryBindings[]>(
    sql: string,
  ): Prepared<Row, Bindings> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known as Prepared<Row, Bindings>;
    if (this.#isClosed) throw new RunledgerError("CLOSED", "The ledger is closed.");
    const statement = super.prepare<Row, Bindings>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Runs a PRAGMA, such as `user_version`; returns its rows. */
  pragma(text: string): Record<string, unknown>[] {
    return this.prepare<Record<string, unknown>, []>(`PRAGMA ${text}`).all();
  }

  override close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    super.close(true);
  }
}
