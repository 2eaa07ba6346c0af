import { statSync } from "node:fs";
import { RunledgerError } from "../errors";
import { type FileChange, LedgerFile, moveUnlessTaken, rescue } from "../ledger/ledger-file";
import { type OpenOptions, openLedgerFile } from "../ledger/open";
import { salvage } from "../ledger/salvage";
import { SqliteLedger } from "../ledger/sqlite-ledger";
import { SELECT_LEDGER_ID } from "../ledger/statements";
import { SMALLEST_DATABASE_BYTES } from "../ledger/stored-version";

/**
 * A file that has not been modified for this long, in milliseconds, counts as complete: a copy in progress writes
 * continuously.
 */
const SETTLED_AFTER_MS = 500;

const WORDS = {
  deleted: "deleted",
  replaced: "replaced",
  relinked: "replaced by a link to another file",
  overwritten: "overwritten",
  restored: "overwritten by another database",
} as const satisfies Record<Exclude<FileChange, "none">, string>;

/** What a guarded ledger reports to its writer. */
export interface LedgerEvents {
  readonly onOpened: () => void;
  /** The file was deleted or replaced while open. `reason` says what happened to its contents. */
  readonly onChanged: (reason: string) => void;
}

interface OpenLedger {
  readonly ledger: SqliteLedger;
  readonly file: LedgerFile;
}

/**
 * The writer's ledger, opened on first use. Before each use it checks that the file is still the same. A deleted file
 * is put back; if another file took its place, that one is opened, and the contents of ours are kept beside it.
 */
export class GuardedLedger {
  readonly #dbPath: string;
  readonly #options: OpenOptions;
  readonly #events: LedgerEvents;
  #open: OpenLedger | undefined;
  /** Why the last file was abandoned, to be recorded in the ledger that is opened in its place. */
  #reason: string | undefined;
  /** An overwritten file's state when it last changed. */
  #settling: { readonly mtimeMs: number; readonly size: number; readonly sinceMs: number } | undefined;

  constructor(dbPath: string, options: OpenOptions, events: LedgerEvents) {
    this.#dbPath = dbPath;
    this.#options = options;
    this.#events = events;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** @throws {RunledgerError} `OPEN_FAILED` or `SCHEMA_TOO_NEW` */
  ensureOpen(): SqliteLedger {
    if (this.#open !== undefined) this.#leaveChangedFile(this.#open);
    const { ledger } = this.#open ?? this.#reopen();
    return ledger;
  }

  /**
   * Checkpoints and closes.
   *
   * @returns the error of the last checkpoint, if it failed.
   */
  close(): unknown {
    const error = this.#open?.ledger.close();
    this.#open = undefined;
    return error;
  }

  /** Whether a file is open and still the one that was opened. */
  isUnchanged(): boolean {
    return this.#open?.file.change() === "none";
  }

  /** Closes without writing to the file. */
  abandon(): void {
    this.#open?.ledger.connection.abandon();
    this.#open = undefined;
  }

  #openLedger(): OpenLedger {
    this.#assertSettled();
    const ledger = new SqliteLedger(openLedgerFile(this.#dbPath, this.#options));
    this.#events.onOpened();
    const [id] = ledger.connection.all(SELECT_LEDGER_ID);
    return { ledger, file: new LedgerFile(this.#dbPath, id?.value) };
  }

  #leaveChangedFile(open: OpenLedger): void {
    const change = open.file.change();
    if (change === "none") return;
    const outcome = this.#leave(open, change);
    const reason = `The ledger ${this.#dbPath} was ${WORDS[change]} while it was open; ${outcome}.`;
    this.#events.onChanged(reason);
    this.#reason = reason;
    // A copy truncates the file before it writes it, so an almost empty file is a copy that has just begun.
    const isEmpty = change === "overwritten" && stateOf(this.#dbPath).size < SMALLEST_DATABASE_BYTES;
    if (change === "restored" || isEmpty) this.#beginSettling();
  }

  #reopen(): OpenLedger {
    this.#open = this.#openLedger();
    if (this.#reason !== undefined) {
      this.#open.ledger.recordIncident({ kind: "degraded", reason: this.#reason });
      this.#reason = undefined;
    }
    return this.#open;
  }

  /** Abandons the file and saves its contents; returns what happened to them. */
  #leave({ ledger, file }: OpenLedger, change: Exclude<FileChange, "none">): string {
    if (change === "relinked") {
      this.close();
      return `its contents are in ${file.path}`;
    }
    const { copy, what } = this.#rescue(ledger, file, change);
    this.abandon();
    file.removeSidecars();
    const isBack = change === "deleted" && copy !== undefined && moveUnlessTaken(copy, file.path);
    return copy === undefined
      ? `${what} could not be saved`
      : `${what} were saved at ${isBack ? this.#dbPath : copy}`;
  }

  /** The open file is the only copy of a deleted ledger, so it stays open until the contents have been saved. */
  #rescue(
    { connection }: SqliteLedger,
    file: LedgerFile,
    change: FileChange,
  ): { readonly copy?: string; readonly what: string } {
    const whole = "its contents";
    try {
      // Our -wal on top of another database is not a valid ledger: only single rows can be saved.
      if (change !== "restored") return { copy: rescue(connection, file.path), what: whole };
    } catch (error) {
      if (change === "deleted") throw error;
    }
    try {
      const saved = salvage(connection, file.path, file.lastStoredExecution);
      if (saved === undefined) return { what: whole };
      return {
        copy: saved.copy,
        what: `of its contents, the executions that were not in the file yet (${saved.executions})`,
      };
    } catch {
      return { what: whole };
    }
  }

  /** Somebody may still be copying the file, and a partial copy must not be opened as a complete one. */
  #beginSettling(): void {
    this.#settling = { ...stateOf(this.#dbPath), sinceMs: performance.now() };
  }

  #assertSettled(): void {
    if (this.#settling === undefined) return;
    const { mtimeMs, size, sinceMs } = this.#settling;
    const now = stateOf(this.#dbPath);
    if (now.mtimeMs !== mtimeMs || now.size !== size) this.#beginSettling();
    else if (performance.now() - sinceMs > SETTLED_AFTER_MS) this.#settling = undefined;
    if (this.#settling === undefined) return;
    throw new RunledgerError("OPEN_FAILED", `The ledger ${this.#dbPath} is being overwritten.`);
  }
}

function stateOf(path: string): { readonly mtimeMs: number; readonly size: number } {
  const { mtimeMs = 0, size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return { mtimeMs, size };
}
