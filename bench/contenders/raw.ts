import { Database } from "bun:sqlite";
import { join } from "node:path";
import { openLedgerFile } from "../../src/ledger/open";
import { EXECUTION_COLUMNS } from "../../src/ledger/schema";
import { labelsText } from "../../src/record/labels";
import { toLedgerTime } from "../../src/record/time";
import type { TelemetryRecord } from "../../src/record/types";
import { busWith } from "./bus";
import { LEDGER_FILE, type StartContender } from "./contender";
import { earlierValues, rowsOf } from "./earlier-table";

const TRANSACTION_ROWS = 512;
/** Like the writer while batches wait. */
const CHECKPOINT_EVERY_ROWS = 8_000;

/** The text of an INSERT into our own table of executions. */
export const INSERT_ROW = `INSERT INTO executions (${EXECUTION_COLUMNS.join(", ")}) VALUES (${EXECUTION_COLUMNS.map(() => "?").join(", ")})`;

/**
 * The limit: bun:sqlite in transactions of 512 with our table and all of its indexes, without validation, sums,
 * threads or recovery.
 */
export const startRaw: StartContender = async (folder) => {
  const dbPath = join(folder, LEDGER_FILE);
  openLedgerFile(dbPath, { synchronous: "NORMAL" }).close();
  const database = new Database(dbPath, { readwrite: true, strict: true });
  database.run("PRAGMA synchronous = NORMAL");
  database.run("PRAGMA wal_autocheckpoint = 16384");
  const insert = database.query(INSERT_ROW);
  const checkpoint = database.query("PRAGMA wal_checkpoint(PASSIVE)");
  const rowsBefore = rowsOf(database);
  const write = database.transaction((events: readonly TelemetryRecord[]) => {
    for (const event of events) insert.run(...rowValues(event, Date.now(), Bun.randomUUIDv7()));
  });
  let waiting: TelemetryRecord[] = [];
  let sinceCheckpoint = 0;
  const writeWaiting = () => {
    write.immediate(waiting);
    sinceCheckpoint += waiting.length;
    waiting = [];
    if (sinceCheckpoint < CHECKPOINT_EVERY_ROWS) return;
    checkpoint.all();
    sinceCheckpoint = 0;
  };
  return {
    emit: busWith((event) => {
      waiting.push(event);
      if (waiting.length === TRANSACTION_ROWS) writeWaiting();
    }),
    queued: () => waiting.length,
    flush: async () => writeWaiting(),
    async close() {
      writeWaiting();
      const rows = rowsOf(database) - rowsBefore;
      database.run("PRAGMA wal_checkpoint(TRUNCATE)");
      database.close();
      return rows;
    },
  };
};

/** What {@link INSERT_ROW} binds. */
export function rowValues(event: TelemetryRecord, completedAt: number, executionId: string) {
  const labels = labelsText(event.labels);
  return [toLedgerTime(completedAt), ...earlierValues(event), executionId, "reported", "reported", labels];
}
