import type { Kysely } from "kysely";
import type { LedgerSchema } from "../../ledger/schema";
import { toStoreFailure } from "../../ledger/sqlite-errors";
import { toPostgresFailure } from "../../postgres/errors";
import type { Ledger } from "./ledger";

/**
 * Runs several reads on one snapshot of the ledger.
 *
 * @throws {RunledgerError} `STORE_FAILED`
 */
export function atOneMoment<Result>(
  ledger: Ledger,
  read: (db: Kysely<LedgerSchema>) => Promise<Result>,
): Promise<Result> {
  return reading(ledger, () => ledger.db.transaction().setIsolationLevel("repeatable read").execute(read));
}

/** Runs a read; a database error becomes `STORE_FAILED` with a hint. */
export async function reading<Result>(
  { engine, location }: Ledger,
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (engine === "sqlite") throw toStoreFailure("read the ledger", error);
    // The connection is open, so the message can't contain the URL and its password.
    const place = { name: location, redact: (text: string) => text };
    throw toPostgresFailure("STORE_FAILED", "read the ledger", place, error);
  }
}
