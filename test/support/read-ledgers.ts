import { Database } from "bun:sqlite";
import { copyFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { openLedger } from "../../src/report/database/open-ledger";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { EARLIER_DESIGN, EARLIER_INSERT } from "./ledger";
import { tempDir } from "./temp-dir";

// Ledgers to read, each in its own folder.

/** A path for a ledger, in a folder of its own. */
export function newPath(): string {
  return join(tempDir(), "telemetry.db");
}

/** A ledger with this many executions, each of which cost a dollar. */
export function makeLedger(rows: number, dbPath = newPath()): string {
  using store = createTelemetryStore({ dbPath });
  store.recordMany(Array.from({ length: rows }, () => executionCompleted({ costUsd: 1 })));
  return dbPath;
}

export function makeEarlier(journalMode: "WAL" | "DELETE"): string {
  const dbPath = newPath();
  using database = new Database(dbPath);
  database.run(`PRAGMA journal_mode = ${journalMode}`);
  database.run(EARLIER_DESIGN);
  using insert = database.prepare(EARLIER_INSERT);
  const names = (repo: string) => ["delivery", repo, 7, "push", "anthropic", "m"];
  insert.run(...names("o/known"), 10, 2, 0, 0, 1000, 0.5, "success", null, 3, "end_turn");
  insert.run(...names("o/unknown"), 0, 0, 0, 0, 0, 0, "failure", null, null, null);
  return dbPath;
}

export const filesBeside = (dbPath: string) => readdirSync(dirname(dbPath));

/** The executions in a ledger, as a report counts them. */
export async function countIn(dbPath: string): Promise<number> {
  await using ledger = await openLedger(dbPath);
  const { totals } = await usageReport(ledger);
  return totals.executions;
}

/** A ledger's files as they are while it is open, or after a crash. */
export function crashed(rows: number, suffixes: readonly string[]): string {
  const open = newPath();
  makeLedger(0, open);
  using store = createTelemetryStore({ dbPath: open });
  store.recordMany(Array.from({ length: rows }, () => executionCompleted()));
  const dbPath = newPath();
  for (const suffix of suffixes) copyFileSync(open + suffix, dbPath + suffix);
  return dbPath;
}
