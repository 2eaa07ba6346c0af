import type { Kysely } from "kysely";
import { RunledgerError } from "../../errors";
import type { LedgerSchema } from "../../ledger/schema";
import { openPostgres, type PostgresOptions } from "../../postgres/connection";
import { toPostgresFailure } from "../../postgres/errors";
import { compareSchema } from "../../postgres/migrations";
import { parsePostgresUrl } from "../../postgres/url";
import type { Ledger } from "./ledger";
import { postgresReads } from "./postgres-reads";

/** How long closing may wait for the server, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;

/**
 * Opens a PostgreSQL ledger for reading. It has the tables of a SQLite ledger with one more column, so that the same
 * queries work.
 *
 * @throws {RunledgerError} `LEDGER_NOT_FOUND`, `SCHEMA_TOO_NEW`, `OPEN_FAILED`, `MISSING_PACKAGE`
 */
export async function openPostgresLedger(
  url: string,
  options: Pick<PostgresOptions, "driver"> = {},
): Promise<Ledger> {
  const location = parsePostgresUrl(url);
  const postgres = await openPostgres(location, options);
  const close = () => postgres.close(CLOSE_WITHIN_MS);
  try {
    const { exists, missing } = await compareSchema(postgres.db, location.schema);
    if (!exists || missing.length > 0) throw notFound(location.name);
  } catch (error) {
    await close();
    throw toPostgresFailure("OPEN_FAILED", "open the ledger", location, error);
  }
  return {
    // It reads like a SQLite ledger: times as text, numbers as numbers.
    db: postgres.db.withPlugin(postgresReads) as unknown as Kysely<LedgerSchema>,
    engine: "postgresql",
    location: `postgres://${location.name}`,
    hasRollups: true,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function notFound(name: string): RunledgerError {
  return new RunledgerError("LEDGER_NOT_FOUND", `There is no ledger in ${name}.`, {
    hint: "Check database and schema; the first ledger that is forwarded there makes the tables.",
  });
}
