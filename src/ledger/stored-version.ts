import { constants, Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { codeOf } from "../describe";

/** No database is smaller. SQLite treats a file of one byte as empty. */
export const SMALLEST_DATABASE_BYTES = 512;

/**
 * The `user_version` in the main file, regardless of its -wal; 0 for an empty file. Changes neither the file nor
 * the files beside it.
 *
 * @throws SQLite's `SQLITE_NOTADB`, or the file system's error.
 */
export function storedUserVersion(path: string): number {
  const status = statSync(path);
  if (status.isDirectory()) throw failure("EISDIR", "is a folder");
  if (status.size === 0) return 0;
  if (status.size < SMALLEST_DATABASE_BYTES) throw failure("SQLITE_NOTADB", "file is not a database");
  const uri = `${Bun.pathToFileURL(path).href}?immutable=1`;
  using database = new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
  try {
    using statement = database.prepare<{ user_version: number }, []>("PRAGMA user_version");
    return statement.get()?.user_version ?? 0;
  } catch (error) {
    // A checkpoint in progress, or one cut short, leaves a file shorter than its header says; the rest is in the
    // -wal. It is still a valid database once it is opened with its -wal.
    if (codeOf(error).startsWith("SQLITE_CORRUPT")) return 0;
    throw error;
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
