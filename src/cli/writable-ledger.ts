import { statSync } from "node:fs";
import { RunledgerError } from "../errors";
import { openLedgerFile } from "../ledger/open";
import { SqliteLedger } from "../ledger/sqlite-ledger";

/** A command would rather wait than fail: the application that writes at full speed has the lock most of the time. */
const BUSY_TIMEOUT_MS = 30_000;

/** A ledger that is open for writing, closed when it goes out of scope. */
export interface WritableLedger extends Disposable {
  readonly ledger: SqliteLedger;
}

/** Opens a ledger for writing, which brings one of an older schema up to date; makes it when it is missing. */
export function createOrOpen(dbPath: string): WritableLedger {
  const connection = openLedgerFile(dbPath, { synchronous: "NORMAL", busyTimeoutMs: BUSY_TIMEOUT_MS });
  const ledger = new SqliteLedger(connection);
  return { ledger, [Symbol.dispose]: () => void ledger.close() };
}

/**
 * As {@link createOrOpen}, but a ledger that is missing stays so, and an empty file empty.
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
