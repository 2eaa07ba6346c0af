import { justAfter } from "../record/time";
import { adoptRows } from "./adoption";
import type { Connection } from "./connection";
import { advancePurgedBefore, deleteExecutions, deleteIncidents, selectNewestBefore } from "./statements";

/** Rows deleted per transaction: in between, other processes can take the write lock. */
const SLICE_ROWS = 5_000;
/** Pages freed per transaction. */
const SLICE_PAGES = 1_000;

/**
 * Deletes the executions and incidents from before the cutoff, slice by slice; `usage_daily` keeps their sums. Rows
 * that a forwarding target has not received yet are kept.
 * Yields how many executions each slice deleted.
 */
export function* purgeSlices(connection: Connection, cutoff: string): Generator<number, void> {
  let deleted: number;
  do {
    deleted = connection.transaction(() => {
      // Rows of an older program have not been summed yet.
      adoptRows(connection);
      // Just above the newest row deleted, not the cutoff: otherwise one purge under a clock that ran ahead would make
      // the ledger refuse executions that were never purged.
      const newest = connection.all(selectNewestBefore(cutoff))[0]?.newest;
      if (newest == null) return 0;
      connection.run(advancePurgedBefore(justAfter(newest) ?? cutoff));
      const [models, executions] = deleteExecutions(cutoff, SLICE_ROWS);
      connection.run(models);
      return connection.run(executions);
    });
    yield deleted;
  } while (deleted === SLICE_ROWS);
  while (connection.run(deleteIncidents(cutoff, SLICE_ROWS)) === SLICE_ROWS) yield 0;
}

/**
 * Returns free pages to the file system, slice by slice; the file shrinks at the next checkpoint. Does nothing in a
 * file of the earlier design, which has no incremental vacuum: SQLite reuses its free pages.
 */
export function* vacuumSlices(connection: Connection): Generator<void> {
  let before = Number.POSITIVE_INFINITY;
  let free = connection.pragmaNumber("freelist_count");
  while (free > 0 && free < before) {
    connection.pragma(`incremental_vacuum(${SLICE_PAGES})`);
    yield;
    before = free;
    free = connection.pragmaNumber("freelist_count");
  }
}
