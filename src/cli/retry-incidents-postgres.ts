import type { Selectable } from "kysely";
import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { ForwardTarget } from "../forward/forward-target";
import { toSourceExecution } from "../forward/source-statements";
import { refusalId } from "../forward/target-incidents";
import { openPostgres } from "../postgres/connection";
import { failureKindOf, toPostgresFailure } from "../postgres/errors";
import type { PostgresIncidentsTable } from "../postgres/schema";
import { parsePostgresUrl } from "../postgres/url";
import { EndedError } from "./failure";
import { finishRetry, type RetryOptions, retryAll, type Store } from "./retry-incidents";
import type { Terminal } from "./terminal";

const CLOSE_WITHIN_MS = 2_000;

/** Tries to store every execution that a PostgreSQL ledger refused during forwarding. */
export async function retryIncidentsOnPostgres(
  url: string,
  options: RetryOptions,
  terminal: Terminal,
): Promise<void> {
  const location = parsePostgresUrl(url);
  const { db, close } = await openPostgres(location);
  const how = { mayBeCounted: options.beyondRetention === true, isDry: options.dryRun === true };
  const store: Store = async (row, incident) => {
    const { ledger_id, incident_id } = incident as Selectable<PostgresIncidentsTable>;
    if (incident_id !== refusalId(ledger_id, row.execution_id ?? "")) throw ofAnotherLedger(ledger_id);
    try {
      const target = new ForwardTarget(db, location.schema, ledger_id);
      return await target.retry(toSourceExecution(row), how);
    } catch (error) {
      if (failureKindOf(error) !== "row") throw error;
      throw new RunledgerError("STORE_FAILED", location.redact(messageOf(error)));
    }
  };
  try {
    await finishRetry(await retryAll(url, store, terminal), options, terminal);
  } catch (error) {
    if (error instanceof EndedError) throw error;
    throw toPostgresFailure("STORE_FAILED", "retry the incidents of", location, error);
  } finally {
    await close(CLOSE_WITHIN_MS);
  }
}

/** If it were stored here, a retry there would store it a second time. */
function ofAnotherLedger(ledgerId: string): RunledgerError {
  return new RunledgerError(
    "INVALID_RECORD",
    `The ledger ${ledgerId} rejected it itself: try it again there, with --db and its file.`,
  );
}
