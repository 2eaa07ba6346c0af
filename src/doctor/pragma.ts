import { sql } from "kysely";
import type { Ledger } from "../report/database/ledger";

/** Runs a PRAGMA, such as `user_version`, and returns its rows. */
export async function pragma(ledger: Ledger, text: string): Promise<readonly Record<string, unknown>[]> {
  return (await sql.raw<Record<string, unknown>>(`PRAGMA ${text}`).execute(ledger.db)).rows;
}

/** The number that a PRAGMA such as `page_size` returns. */
export async function pragmaNumber(ledger: Ledger, text: string): Promise<number> {
  const [row = {}] = await pragma(ledger, text);
  return Number(Object.values(row)[0]);
}
