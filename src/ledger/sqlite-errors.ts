import { SQLiteError } from "bun:sqlite";
import { codeOf, messageOf } from "../describe";
import { RunledgerError } from "../errors";

const NOT_WRITABLE =
  "Check that this user may write the file and its folder, and that the disk is not read-only.";
const DISK_FULL = "Make room on the disk.";
const LOCKED = "Another process keeps the database locked: find it, or try again.";

const HINTS: Readonly<Record<string, string>> = {
  EACCES: NOT_WRITABLE,
  EISDIR: "It is a folder: name a file.",
  ENOENT: "A part of the path does not exist, or is a link to nothing.",
  ENOSPC: DISK_FULL,
  ENOTDIR: "A part of the path is a file: name a file in a folder.",
  EEXIST: "A part of the path is a file: name a file in a folder.",
  EPERM: NOT_WRITABLE,
  EROFS: NOT_WRITABLE,
  SQLITE_BUSY: LOCKED,
  SQLITE_CANTOPEN: NOT_WRITABLE,
  SQLITE_CORRUPT: "The file is damaged: move it away, or restore a copy.",
  SQLITE_FULL: DISK_FULL,
  SQLITE_LOCKED: LOCKED,
  SQLITE_NOTADB: "It is not a SQLite database: set another dbPath, or move the file away.",
  SQLITE_READONLY: NOT_WRITABLE,
};

/** Hints for SQLite and file system errors. An extended code falls back to its primary code. */
export function hintFor(error: unknown): string | undefined {
  const code = codeOf(error);
  return HINTS[code] ?? HINTS[code.split("_", 2).join("_")];
}

/**
 * Whether SQLite refused the data itself, so that the same write would fail again. Everything else (a lock, a full or
 * read-only disk, a missing file) is a condition that may pass.
 */
export function isPoison(error: unknown): boolean {
  return /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)/.test(codeOf(error));
}

/** Conditions that don't pass by waiting: somebody has to change a permission or a path. */
const LASTING = /^(?:EACCES|EPERM|EROFS|EISDIR|ENOTDIR|EEXIST)$|^SQLITE_(?:NOTADB|READONLY)/;

/** Whether retrying to open the ledger is pointless for now. Unknown errors count as transient. */
export function isLasting(error: unknown): boolean {
  if (!(error instanceof RunledgerError)) return LASTING.test(codeOf(error));
  return error.code === "SCHEMA_TOO_NEW" || LASTING.test(codeOf(error.cause));
}

/** Turns a SQLite error into a `RunledgerError` with a hint; returns any other error unchanged. */
export function toStoreFailure(operation: string, error: unknown): unknown {
  if (!(error instanceof SQLiteError)) return error;
  return new RunledgerError("STORE_FAILED", `Can't ${operation}: ${codeOf(error)}: ${messageOf(error)}.`, {
    cause: error,
    hint: hintFor(error),
  });
}

/** Runs a SQLite operation; its errors become `STORE_FAILED` with a hint. */
export function storing<Result>(operation: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw toStoreFailure(operation, error);
  }
}
