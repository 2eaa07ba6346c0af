import { statSync } from "node:fs";
import { RunledgerError } from "../errors";
import { openLedgerFile } from "../ledger/open";
import { SqliteLedger } from "../ledger/sqlite-ledger";

/**
 * How long a command waits for the lock: waiting is better than failing while a busy application has it most of the
 * time.
 */
const BUSY_TIMEOUT_MS = 30_000;

/** A ledger that is open for writing, closed when it goes out of scope. */
export interface WritableLedger extends Disposable {
  readonly ledger: SqliteLedger;
}

/** Opens a ledger for writing; migrates an older schema, and creates a missing ledger. */
export function createOrOpen(dbPath: string): WritableLedger {
  const connection = openLedgerFile(dbPath, { synchronous: "NORMAL", busyTimeoutMs: BUSY_TIMEOUT_MS });
  const ledger = new SqliteLedger(connection);
  return { ledger, [Symbol.dispose]: () => void ledger.close() };
}

/**
 * Like {@link createOrOpen}, but doesn't create a missing ledger, and leaves an empty file empty.
 *
 * @throws {RunledgerError} `LEDGER_NOT_FOUND`, and what opening throws.
 */
export function openForWriting(dbPath: string): WritableLedger {
  const bytes = statSync(dbPath, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > 0) return createOrOpen(dbPath);
  throw new RunledgerError("LEDGER_NOT_FOUND", `There is no ledger at ${dbPath}.`, {
    hint: "Check the path, or name it with --db.",
  });
}
