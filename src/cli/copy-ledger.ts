import { RunledgerError } from "../errors";
import { openFile } from "../report/database/open-ledger";

/** How to copy a ledger. */
export interface CopyOptions {
  /** Whether to look for damage first, which takes longer than the copy. */
  readonly verify?: boolean;
}

/**
 * Copies a consistent snapshot of a ledger into an empty file, even if the ledger lacks part of the current schema.
 *
 * @returns how many executions it has.
 * @throws {RunledgerError} `LEDGER_NOT_FOUND`, `SCHEMA_TOO_NEW`, `OPEN_FAILED`; and SQLite's errors.
 */
export function copyLedger(fromPath: string, toPath: string, { verify = false }: CopyOptions = {}): number {
  const { database } = openFile(fromPath);
  try {
    if (verify) refuseDamaged(fromPath, database.pragma("integrity_check(1)"));
    database.run("VACUUM INTO ?", [toPath]);
  } finally {
    database.close();
  }
  const copy = openFile(toPath).database;
  try {
    return copy.prepare<{ count: number }, []>("SELECT count(*) AS count FROM executions").get()?.count ?? 0;
  } finally {
    copy.close();
  }
}

function refuseDamaged(path: string, [result]: readonly Record<string, unknown>[]): void {
  const error = result?.["integrity_check"];
  if (error === "ok") return;
  throw new RunledgerError("OPEN_FAILED", `${path} is damaged: ${String(error)}.`, {
    hint: "Name another backup, or import what an export can still read of this one.",
  });
}
