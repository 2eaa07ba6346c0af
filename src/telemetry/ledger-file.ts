import { constants, Database } from "bun:sqlite";
import { linkSync, rmSync, statSync, unlinkSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Connection } from "./connection";
import { createPrivately } from "./create-privately";
import { codeOf } from "./sqlite-errors";

// A ledger's file is never opened here but by SQLite: POSIX drops all locks of a process on a file when the process
// closes any descriptor of it, and with them the locks of every SQLite connection. (sqlite.org/howtocorrupt.html)

/** No database is smaller; SQLite takes a file of one byte for an empty one. */
const SMALLEST_DATABASE_BYTES = 512;

/**
 * The `user_version` in the file itself, without what its -wal may hold; 0 for an empty file. Changes nothing: not
 * the file, and not the files beside it.
 *
 * @throws SQLite's `SQLITE_NOTADB`, or the file system's error.
 */
export function storedUserVersion(path: string): number {
  const status = statSync(path);
  if (status.isDirectory()) throw failure("EISDIR", "is a folder");
  if (status.size === 0) return 0;
  if (status.size < SMALLEST_DATABASE_BYTES) throw failure("SQLITE_NOTADB", "file is not a database");
  const uri = `${pathToFileURL(path).href}?immutable=1`;
  using database = new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
  using statement = database.prepare<{ user_version: number }, []>("PRAGMA user_version");
  return statement.get()?.user_version ?? 0;
}

/** What became of an open ledger's file, as its path shows it. */
export type FileChange = "none" | "deleted" | "replaced";

/** Notices when the file of an open ledger is deleted, replaced or overwritten: SQLite itself would go on writing. */
export class LedgerFile {
  readonly #path: string;
  readonly #place: string | undefined;
  #modifiedMs = 0;

  constructor(path: string) {
    this.#path = path;
    this.#place = path === ":memory:" ? undefined : placeOf(path);
  }

  change(): FileChange {
    if (this.#place === undefined) return "none";
    const place = placeOf(this.#path);
    if (place === undefined) return "deleted";
    return place === this.#place && this.#isDatabase() ? "none" : "replaced";
  }

  /** In WAL mode only checkpoints modify the file: it need not be read each time. */
  #isDatabase(): boolean {
    const { mtimeMs } = statSync(this.#path);
    if (mtimeMs === this.#modifiedMs) return true;
    try {
      storedUserVersion(this.#path);
      this.#modifiedMs = mtimeMs;
      return true;
    } catch (error) {
      if (codeOf(error) === "SQLITE_NOTADB") return false;
      throw error;
    }
  }
}

/** Where the file is on the disk; `undefined` when there is none. */
function placeOf(path: string): string | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

/**
 * Puts a deleted ledger back in its place from the connection that still sees it, and closes that connection.
 * When somebody else has put a file there meanwhile, theirs stays, and the copy is kept beside it.
 *
 * @returns the path of the ledger that was put back or kept.
 * @throws when there is no room or no permission; the connection is then open still.
 */
export function putBack(connection: Connection, dbPath: string): string {
  const copy = `${dbPath}.rescued-${Bun.randomUUIDv7()}`;
  try {
    createPrivately(copy);
    connection.vacuumInto(copy);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
  connection.close();
  // What is left of the deleted file's -wal must not be taken for the new file's.
  for (const suffix of ["-wal", "-shm"]) rmSync(dbPath + suffix, { force: true });
  return movedWithoutReplacing(copy, dbPath) ? dbPath : copy;
}

function movedWithoutReplacing(from: string, to: string): boolean {
  try {
    linkSync(from, to);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  unlinkSync(from);
  return true;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
