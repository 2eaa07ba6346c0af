import { rmSync } from "node:fs";
import type { Connection } from "./connection";
import { builder } from "./kysely";
import { rescuedPath } from "./ledger-file";
import { openLedgerFile } from "./open";
import { EXECUTION_COLUMNS, type ExecutionRow, type NewExecutionRow } from "./schema";
import { SqliteLedger } from "./sqlite-ledger";
import { selectModels } from "./statements";

const PAGE_ROWS = 1_000;

/**
 * Saves the executions of an overwritten ledger that are only in its -wal, as far as they are readable, to a new ledger
 * beside it.
 *
 * @param afterId The last execution in the main file before it was overwritten.
 * @returns the path of the new ledger and the number of executions; `undefined` when there are none.
 * @throws when it can't be written.
 */
export function salvage(
  connection: Connection,
  dbPath: string,
  afterId: number,
): { readonly copy: string; readonly executions: number } | undefined {
  const rows = readableAfter(connection, afterId).map((row) => withModels(connection, row));
  if (rows.length === 0) return undefined;
  const copy = rescuedPath(dbPath);
  try {
    const ledger = new SqliteLedger(openLedgerFile(copy, { synchronous: "FULL" }));
    try {
      ledger.write(rows, [], "write");
    } finally {
      ledger.close();
    }
  } catch (error) {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(copy + suffix, { force: true });
    throw error;
  }
  return { copy, executions: rows.length };
}

/** Reads the -wal's pages on top of a foreign file: rows may be damaged, and reading may fail at any point. */
function readableAfter(connection: Connection, afterId: number): NewExecutionRow[] {
  const rows: NewExecutionRow[] = [];
  let last = afterId;
  try {
    for (;;) {
      const page = connection.all(selectAfter(last));
      rows.push(...page.filter(isWhole));
      const end = page.at(-1)?.id;
      if (end === undefined || end <= last) return rows;
      last = end;
    }
  } catch {
    return rows;
  }
}

function selectAfter(id: number) {
  return builder
    .selectFrom("executions")
    .select(["id", ...EXECUTION_COLUMNS])
    .where("id", ">", id)
    .orderBy("id")
    .limit(PAGE_ROWS)
    .compile();
}

/** If models can't be read, the row still has the sums. */
function withModels(connection: Connection, row: NewExecutionRow): NewExecutionRow {
  try {
    const models = connection.all(selectModels(row.execution_id));
    return models.length < 2 ? row : { ...row, models };
  } catch {
    return row;
  }
}

function isWhole(row: ExecutionRow): boolean {
  const texts = [row.execution_id, row.created_at, row.repo, row.event_type, row.provider, row.model];
  return [...texts, row.conclusion].every((text) => typeof text === "string" && text !== "");
}
