import { Database } from "bun:sqlite";
import { join } from "node:path";
import { addAdoptedLabelUsage } from "../src/ledger/adoption";
import { openLedgerFile } from "../src/ledger/open";
import { USAGE_KEYS, USAGE_SUMS } from "../src/ledger/schema";
import { DAY_MS } from "../src/record/time";
import type { TelemetryRecord } from "../src/record/types";
import { LEDGER_FILE } from "./contenders/contender";
import { INSERT_ROW, rowValues } from "./contenders/raw";
import { eventSource } from "./events";
import type { Case } from "./figures/case";

const TRANSACTION_ROWS = 100_000;
const SPREAD_DAYS = 90;

/** Makes a ledger with a number of executions of the last 90 days, oldest first, and their sums. */
export function prefill(
  folder: string,
  { repositories, models, labels }: Pick<Case, "repositories" | "models" | "labels">,
  rows: number,
): void {
  const dbPath = join(folder, LEDGER_FILE);
  openLedgerFile(dbPath, { synchronous: "NORMAL" }).close();
  using database = new Database(dbPath, { readwrite: true, strict: true });
  database.run("PRAGMA synchronous = OFF");
  database.run("PRAGMA cache_size = -1000000");
  const indexes = database
    .query<{ name: string; sql: string }, []>(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql > ''",
    )
    .all();
  for (const { name } of indexes) database.run(`DROP INDEX ${name}`);
  insertRows(database, eventSource(repositories, models, labels), rows);
  for (const { sql } of indexes) database.run(sql);
  database.run(SUM_UP);
  if (labels !== undefined) {
    const { sql, parameters } = addAdoptedLabelUsage();
    database.query(sql).run(...(parameters as string[]));
  }
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

function insertRows(database: Database, nextEvent: () => TelemetryRecord, rows: number): void {
  const insert = database.query(INSERT_ROW);
  const now = Date.now();
  const stepMs = (SPREAD_DAYS * DAY_MS) / rows;
  const write = database.transaction((first: number, end: number) => {
    for (let row = first; row < end; row += 1) {
      const completedAt = Math.floor(now - (rows - row) * stepMs);
      insert.run(...rowValues(nextEvent(), completedAt, Bun.randomUUIDv7("hex", completedAt)));
    }
  });
  for (let row = 0; row < rows; row += TRANSACTION_ROWS)
    write.immediate(row, Math.min(rows, row + TRANSACTION_ROWS));
}

const SUM_UP = `
  INSERT INTO usage_daily (${[...USAGE_KEYS, ...USAGE_SUMS].join(", ")})
  SELECT substr(created_at, 1, 10), repo, event_type, provider, model, conclusion, count(*),
    sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_creation_tokens),
    sum(duration_ms), sum(num_turns), sum(cost_usd), count(*), 0, 0, 0, 0, 0, 0, 0
  FROM executions GROUP BY 1, 2, 3, 4, 5, 6
`;
