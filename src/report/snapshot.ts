import type { Kysely } from "kysely";
import type { LedgerSchema } from "../telemetry/schema";
import { toStoreFailure } from "../telemetry/sqlite-errors";
import type { Ledger } from "./types";

/**
 * Runs reads that all see the ledger as it is at one moment.
 *
 * @throws {RunledgerError} `STORE_FAILED`
 */
export function atOneMoment<Result>(
  { db }: Ledger,
  read: (db: Kysely<LedgerSchema>) => Promise<Result>,
): Promise<Result> {
  return reading(() => db.transaction().setIsolationLevel("repeatable read").execute(read));
}

/** Runs a read; an error of SQLite's becomes `STORE_FAILED` with a hint. */
export async function reading<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw toStoreFailure("read the ledger", error);
  }
}
