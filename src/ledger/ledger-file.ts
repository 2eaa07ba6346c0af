import { existsSync, linkSync, realpathSync, renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import { codeOf } from "../describe";
import type { Connection } from "./connection";
import { createPrivately } from "./create-privately";
import { type StoredFacts, storedFacts } from "./stored-facts";
import { SMALLEST_DATABASE_BYTES } from "./stored-version";

// Only SQLite may open a ledger's file. POSIX drops all of a process's locks on a file when the process closes any
// descriptor of it, and with them the locks of every SQLite connection. (sqlite.org/howtocorrupt.html)

/** Suffixes of the files that SQLite keeps beside a database. */
export const SIDECARS = ["-wal", "-shm"] as const;

/**
 * What became of an open ledger's file: it was deleted; another file is in its place; the symbolic link leads
 * elsewhere, and the file is where it was; its bytes are no database any more; or they are those of another database,
 * such as a backup that was copied over it.
 */
export type FileChange = "none" | "deleted" | "replaced" | "relinked" | "overwritten" | "restored";

/** Detects changes to the file of an open ledger that SQLite itself would not notice and write through. */
export class LedgerFile {
  /** The resolved path: SQLite's -wal and -shm are beside it. */
  readonly path: string;
  readonly #link: string;
  readonly #place: string | undefined;
  readonly #ledgerId: string | undefined;
  readonly #sidecars = new Map<string, string>();
  #modifiedMs = 0;
  #facts: StoredFacts | undefined;

  /** @param ledgerId The id of the ledger that was opened. */
  constructor(path: string, ledgerId: string | undefined) {
    const isFile = path !== ":memory:";
    this.#link = path;
    this.path = isFile ? realpathSync(path) : path;
    this.#place = isFile ? placeOf(path) : undefined;
    this.#ledgerId = ledgerId;
    if (isFile) this.#rememberSidecars();
  }

  change(): FileChange {
    if (this.#place === undefined) return "none";
    const place = placeOf(this.#link);
    if (place !== this.#place) {
      if (placeOf(this.path) === this.#place) return "relinked";
      return place === undefined ? "deleted" : "replaced";
    }
    const content = this.#content();
    if (content !== "ours") return content;
    this.#rememberSidecars();
    return "none";
  }

  /** The last execution in the main file when it was last checked. Later ones are only in the -wal. */
  get lastStoredExecution(): number {
    return this.#facts?.lastExecution ?? 0;
  }

  /** Removes the -wal and -shm that belonged to the file: a new one in its place must not take them for its own. */
  removeSidecars(): void {
    for (const [path, place] of this.#sidecars) {
      if (placeOf(path) === place) rmSync(path, { force: true });
    }
  }

  /** In WAL mode only checkpoints modify the main file, so it need not be read each time. */
  #content(): "ours" | "overwritten" | "restored" {
    const { mtimeMs, size } = statSync(this.path);
    if (size < SMALLEST_DATABASE_BYTES) return "overwritten";
    if (mtimeMs === this.#modifiedMs) return "ours";
    try {
      const facts = storedFacts(this.path);
      // If it is unclear now, the next check will tell.
      if (facts === undefined) return "ours";
      if (!this.#goesOn(facts)) return "restored";
      this.#facts = facts;
      this.#modifiedMs = mtimeMs;
      return "ours";
    } catch (error) {
      if (codeOf(error) === "SQLITE_NOTADB") return "overwritten";
      throw error;
    }
  }

  /** Whether checkpoints, by any process, can have turned the earlier contents of the file into the present ones. */
  #goesOn(facts: StoredFacts): boolean {
    const before = this.#facts;
    // Before the first checkpoint the id is only in the -wal.
    if (facts.ledgerId === undefined) return before?.ledgerId === undefined;
    if (facts.ledgerId !== this.#ledgerId) return false;
    return (
      before === undefined ||
      (facts.lastExecution >= before.lastExecution &&
        facts.lastIncident >= before.lastIncident &&
        facts.purgedBefore >= before.purgedBefore)
    );
  }

  /** They are created at the first read or write, and exist as long as the connection. */
  #rememberSidecars(): void {
    if (this.#sidecars.size === SIDECARS.length) return;
    for (const suffix of SIDECARS) {
      const place = placeOf(this.path + suffix);
      if (place !== undefined) this.#sidecars.set(this.path + suffix, place);
    }
  }
}

/** The file's device and inode; `undefined` when it does not exist. */
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
  const copy = rescuedPath(dbPath);
  try {
    createPrivately(copy);
    connection.vacuumInto(copy);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
  return copy;
}

/** Path for what is salvaged from a ledger: beside it. */
export function rescuedPath(dbPath: string): string {
  return `${dbPath}.rescued-${Bun.randomUUIDv7()}`;
}

/** Moves a file without overwriting another; `false` when the name is taken. */
export function moveUnlessTaken(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    unlinkSync(from);
  } catch {
    // The name is taken, or the file system has no hard links.
    if (existsSync(to)) return false;
    renameSync(from, to);
  }
  return true;
}
