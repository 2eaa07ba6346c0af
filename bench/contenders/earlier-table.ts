import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { TelemetryRecord } from "../../src/record/types";
import { EARLIER_DESIGN } from "../../test/support/ledger";
import { LEDGER_FILE } from "./contender";

/** A database of the earlier one-table design: its table, its two indexes, its pragmas. */
export function openEarlier(folder: string): Database {
  const database = new Database(join(folder, LEDGER_FILE), { create: true, readwrite: true, strict: true });
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = NORMAL");
  database.run(EARLIER_DESIGN);
  return database;
}

/** Rows ever inserted into `executions`; its ids go up one by one. */
export function rowsOf(database: Database): number {
  return (
    database.query<{ rows: number | null }, []>("SELECT max(id) AS rows FROM executions").get()?.rows ?? 0
  );
}

/** Closes as the earlier design did: the -wal is copied into the file. */
export function closeEarlier(database: Database): number {
  const rows = rowsOf(database);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  return rows;
}

/** What an INSERT of the earlier design binds. */
export function earlierValues(event: TelemetryRecord) {
  return [
    event.deliveryId ?? null,
    event.repo,
    event.prNumber ?? null,
    event.eventType,
    event.provider ?? "anthropic",
    event.model ?? "",
    event.inputTokens ?? 0,
    event.outputTokens ?? 0,
    event.cacheReadTokens ?? 0,
    event.cacheCreationTokens ?? 0,
    event.durationMs ?? 0,
    event.costUsd ?? 0,
    event.conclusion,
    event.sessionId ?? null,
    event.numTurns ?? 0,
    event.stopReason ?? null,
  ];
}
