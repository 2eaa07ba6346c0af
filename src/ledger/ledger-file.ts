import { existsSync, linkSync, renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import { codeOf } from "../describe";
import type { Connection } from "./connection";
import { createPrivately } from "./create-privately";
import { SMALLEST_DATABASE_BYTES, storedUserVersion } from "./stored-version";

// A ledger's file is never opened here but by SQLite: POSIX drops all locks of a process on a file when the process
// closes any descriptor of it, and with them the locks of every SQLite connection. (sqlite.org/howtocorrupt.html)

const SIDECARS = ["-wal", "-shm"] as const;

/** What became of an open ledger's file: deleted, another file in its place, or its bytes overwritten. */
export type FileChange = "none" | "deleted" | "replaced" | "overwritten";

/** Notices what happens to the file of an open ledger: SQLite itself would go on writing. */
export class LedgerFile {
  readonly #path: string;
  readonly #place: string | undefined;
  readonly #sidecars = new Map<string, string>();
  #modifiedMs = 0;

  constructor(path: string) {
    this.#path = path;
    this.#place = path === ":memory:" ? undefined : placeOf(path);
  }

  change(): FileChange {
    if (this.#place === undefined) return "none";
    const place = placeOf(this.#path);
    if (place === undefined) return "deleted";
    if (place !== this.#place) return "replaced";
    if (!this.#isDatabase()) return "overwritten";
    this.#rememberSidecars();
    return "none";
  }

  /** Removes the -wal and -shm that belonged to the file: a new one in its place must not take them for its own. */
  removeSidecars(): void {
    for (const [path, place] of this.#sidecars) {
      if (placeOf(path) === place) rmSync(path, { force: true });
    }
  }

  /** In WAL mode only checkpoints modify the file: it need not be read each time. */
  #isDatabase(): boolean {
    const { mtimeMs, size } = statSync(this.#path);
    if (size < SMALLEST_DATABASE_BYTES) return false;
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

  /** They are made at the first read or write, and stay as long as the connection. */
  #rememberSidecars(): void {
    if (this.#sidecars.size === SIDECARS.length) return;
    for (const suffix of SIDECARS) {
      const place = placeOf(this.#path + suffix);
      if (place !== undefined) this.#sidecars.set(this.#path + suffix, place);
    }
  }
}

/** Where the file is on the disk; `undefined` when there is none. */
function placeOf(path: string): string | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

/**
 * Copies a ledger that its connection still sees, though its file is gone, to a file beside where it was.
 *
 * @returns the path of the copy.
 * @throws when there is no room, no permission, or nothing left to read.
 */
export function rescue(connection: Connection, dbPath: string): string {
  const copy = `${dbPath}.rescued-${Bun.randomUUIDv7()}`;
  try {
    createPrivately(copy);
    connection.vacuumInto(copy);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
  return copy;
}

/** Moves a file to a place where none is; `false` when there is one. */
export function moveUnlessTaken(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    unlinkSync(from);
  } catch {
    // Taken, or a file system without links.
    if (existsSync(to)) return false;
    renameSync(from, to);
  }
  return true;
}
