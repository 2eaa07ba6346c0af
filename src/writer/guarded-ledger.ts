import { type FileChange, LedgerFile, moveUnlessTaken, rescue } from "../ledger/ledger-file";
import { type OpenOptions, openLedgerFile } from "../ledger/open";
import { SqliteLedger } from "../ledger/sqlite-ledger";

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
    this.#open ??= this.#openLedger();
    return this.#open.ledger;
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
    const ledger = new SqliteLedger(openLedgerFile(this.#dbPath, this.#options));
    this.#events.onOpened();
    return { ledger, file: new LedgerFile(this.#dbPath) };
  }

  #leaveChangedFile({ ledger, file }: OpenLedger): void {
    const change = file.change();
    if (change === "none") return;
    const dbPath = this.#dbPath;
    const copy = this.#rescue(ledger, change);
    this.abandon();
    file.removeSidecars();
    const isBack = change === "deleted" && copy !== undefined && moveUnlessTaken(copy, dbPath);
    const outcome = copy === undefined ? "could not be saved" : `was saved at ${isBack ? dbPath : copy}`;
    const reason = `The ledger ${dbPath} was ${change} while it was open; what was in it ${outcome}.`;
    this.#events.onChanged(reason);
    this.#open = this.#openLedger();
    this.#open.ledger.recordIncident({ kind: "degraded", reason });
  }

  /** Of a deleted ledger, which nobody else has now, nothing is given up: a copy that fails is tried again. */
  #rescue({ connection }: SqliteLedger, change: FileChange): string | undefined {
    try {
      return rescue(connection, this.#dbPath);
    } catch (error) {
      if (change === "deleted") throw error;
      return undefined;
    }
  }
}
