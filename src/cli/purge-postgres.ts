import { openPostgres } from "../postgres/connection";
import { toPostgresFailure } from "../postgres/errors";
import { purgePostgres } from "../postgres/purge";
import { parsePostgresUrl } from "../postgres/url";
import { openLedger } from "../report/database/open-ledger";
import { reading } from "../report/database/snapshot";
import { formatCountOf } from "../report/format/values";
import { countProgress } from "./progress";
import type { Terminal } from "./terminal";

/** How long closing may wait for the server, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;

/** Deletes everything older than a cutoff from a PostgreSQL ledger; the server reuses the space. */
export async function purgeOnPostgres(url: string, cutoff: string, terminal: Terminal): Promise<void> {
  // Refuses a database that is not a ledger, or has another version.
  await (await openLedger(url)).close();
  const location = parsePostgresUrl(url);
  const { db, close } = await openPostgres(location);
  const progress = countProgress(terminal);
  let purged = 0;
  try {
    for await (const deleted of purgePostgres(db, location.schema, cutoff)) {
      purged += deleted;
      progress.advance(deleted);
    }
  } catch (error) {
    throw toPostgresFailure("STORE_FAILED", "purge", location, error);
  } finally {
    progress.end();
    await close(CLOSE_WITHIN_MS);
  }
  await terminal.write(`${formatCountOf(purged, "execution")} purged\n`);
}

/** Reports what {@link purgeOnPostgres} would delete. */
export async function dryRunOnPostgres(url: string, cutoff: string, terminal: Terminal): Promise<void> {
  await using ledger = await openLedger(url);
  const { db } = ledger;
  const countAll = db.fn.countAll<number>().as("count");
  const oldExecutions = db.selectFrom("executions").select(countAll).where("created_at", "<", cutoff);
  const oldIncidents = db.selectFrom("incidents").select(countAll).where("at", "<", cutoff);
  const { count: executions } = await reading(ledger, () => oldExecutions.executeTakeFirstOrThrow());
  const { count: incidents } = await reading(ledger, () => oldIncidents.executeTakeFirstOrThrow());
  await terminal.write(
    `${formatCountOf(executions, "execution")} and ${formatCountOf(incidents, "incident")} would be deleted\nNothing was deleted.\n`,
  );
}
