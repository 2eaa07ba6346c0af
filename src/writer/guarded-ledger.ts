import { statSync } from "node:fs";
import { RunledgerError } from "../errors";
import { type FileChange, LedgerFile, moveUnlessTaken, rescue } from "../ledger/ledger-file";
import { type OpenOptions, openLedgerFile } from "../ledger/open";
import { salvage } from "../ledger/salvage";
import { SqliteLedger } from "../ledger/sqlite-ledger";
import { SELECT_LEDGER_ID } from "../ledger/statements";
import { SMALLEST_DATABASE_BYTES } from "../ledger/stored-version";

/** A file that was not written for so long is whole, in milliseconds: a copy writes all the time. */
const SETTLED_AFTER_MS = 500;

const WORDS = {
  deleted: "deleted",
  replaced: "replaced",
  relinked: "replaced by a link to another file",
  overwritten: "overwritten",
  restored: "overwritten by another database",
} as const satisfies Record<Exclude<FileChange, "none">, string>;

/** What a writer wants to hear of its ledger's file. */
export interface LedgerEvents {
  readonly onOpened: () => void;
  /** The file was deleted or replaced while it was open; `reason` says what became of what was in it. */
  readonly onChanged: (reason: string) => void;
}

interface OpenLedger {
  readonly ledger: SqliteLedger;
  readonly file: LedgerFile;
}

/**
 * The ledger of a writer, opened when it is needed. Before each use it looks whether the file is still its own: one
 * that was deleted is put back; another one in its place is opened, and what was in ours kept beside it.
 */
export class GuardedLedger {
  readonly #dbPath: string;
  readonly #options: OpenOptions;
  readonly #events: LedgerEvents;
  #open: OpenLedger | undefined;
  /** Why the last file was left, for the ledger that is opened in its place. */
  #reason: string | undefined;
  /** A file that somebody has overwritten, as it was when it was looked at. */
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

  /** Whether there is an open file, and it is still the one that was opened. */
  isUnchanged(): boolean {
    return this.#open?.file.change() === "none";
  }

  /** Closes without another write to the file. */
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
    // A copy empties the file first, and writes a database from its beginning.
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

  /** Gives the file up, and saves what was in it; says what became of that. */
  #leave({ ledger, file }: OpenLedger, change: Exclude<FileChange, "none">): string {
    if (change === "relinked") {
      this.close();
      return `what was in it is in ${file.path}`;
    }
    const { copy, what } = this.#rescue(ledger, file, change);
    this.abandon();
    file.removeSidecars();
    const isBack = change === "deleted" && copy !== undefined && moveUnlessTaken(copy, file.path);
    return copy === undefined
      ? `${what} could not be saved`
      : `${what} was saved at ${isBack ? this.#dbPath : copy}`;
  }

  /** Of a deleted ledger, which nobody else has now, nothing is given up: a copy that fails is tried again. */
  #rescue(
    { connection }: SqliteLedger,
    file: LedgerFile,
    change: FileChange,
  ): { readonly copy?: string; readonly what: string } {
    const whole = "what was in it";
    try {
      // On top of another database the -wal makes no sense as a whole.
      if (change !== "restored") return { copy: rescue(connection, file.path), what: whole };
    } catch (error) {
      if (change === "deleted") throw error;
    }
    try {
      const saved = salvage(connection, file.path, file.lastStoredExecution);
      if (saved === undefined) return { what: whole };
      return {
        copy: saved.copy,
        what: `of what was in it, ${saved.executions} executions that were not in the file yet`,
      };
    } catch {
      return { what: whole };
    }
  }

  /** Somebody is writing the file: half of it would be read as if it were all. */
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
