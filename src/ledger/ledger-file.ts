import { existsSync, linkSync, realpathSync, renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import { codeOf } from "../describe";
import type { Connection } from "./connection";
import { createPrivately } from "./create-privately";
import { type StoredFacts, storedFacts } from "./stored-facts";
import { SMALLEST_DATABASE_BYTES } from "./stored-version";

// A ledger's file is never opened here but by SQLite: POSIX drops all locks of a process on a file when the process
// closes any descriptor of it, and with them the locks of every SQLite connection. (sqlite.org/howtocorrupt.html)

/** What the files that SQLite keeps beside a database add to its name. */
export const SIDECARS = ["-wal", "-shm"] as const;

/**
 * What became of an open ledger's file: it was deleted; another file is in its place; the symbolic link leads elsewhere,
 * and the file is where it was; its bytes are no database any more; or they are those of another database, such as a
 * backup that was copied over it.
 */
export type FileChange = "none" | "deleted" | "replaced" | "relinked" | "overwritten" | "restored";

/** Notices what happens to the file of an open ledger: SQLite itself would go on writing. */
export class LedgerFile {
  /** What the path leads to: SQLite's -wal and -shm are beside it. */
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

  /** The last execution that the file itself had when it was looked at: those after it only the -wal has. */
  get lastStoredExecution(): number {
    return this.#facts?.lastExecution ?? 0;
  }

  /** Removes the -wal and -shm that belonged to the file: a new one in its place must not take them for its own. */
  removeSidecars(): void {
    for (const [path, place] of this.#sidecars) {
      if (placeOf(path) === place) rmSync(path, { force: true });
    }
  }

  /** In WAL mode only checkpoints modify the file: it need not be read each time. */
  #content(): "ours" | "overwritten" | "restored" {
    const { mtimeMs, size } = statSync(this.path);
    if (size < SMALLEST_DATABASE_BYTES) return "overwritten";
    if (mtimeMs === this.#modifiedMs) return "ours";
    try {
      const facts = storedFacts(this.path);
      // Where it can't be told, the next look will tell.
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

  /** Whether what the file holds now can have come of what it held before, by checkpoints of whatever process. */
  #goesOn(facts: StoredFacts): boolean {
    const before = this.#facts;
    // Before the first checkpoint only the -wal knows the id.
    if (facts.ledgerId === undefined) return before?.ledgerId === undefined;
    if (facts.ledgerId !== this.#ledgerId) return false;
    return (
      before === undefined ||
      (facts.lastExecution >= before.lastExecution &&
        facts.lastIncident >= before.lastIncident &&
        facts.purgedBefore >= before.purgedBefore)
    );
  }

  /** They are made at the first read or write, and stay as long as the connection. */
  #rememberSidecars(): void {
    if (this.#sidecars.size === SIDECARS.length) return;
    for (const suffix of SIDECARS) {
      const place = placeOf(this.path + suffix);
      if (place !== undefined) this.#sidecars.set(this.path + suffix, place);
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

/** Where what is rescued of a ledger goes: beside it. */
export function rescuedPath(dbPath: string): string {
  return `${dbPath}.rescued-${Bun.randomUUIDv7()}`;
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
