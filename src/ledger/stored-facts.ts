import { constants, Database } from "bun:sqlite";
import { codeOf } from "../describe";
import { builder } from "./kysely";

/** What the main file of a ledger holds, without its -wal. Within one ledger none of these values ever decreases. */
export interface StoredFacts {
  /** The ledger's id; `undefined` before the first checkpoint, and in the database of another program. */
  readonly ledgerId: string | undefined;
  /** The highest `id` ever given to an execution. */
  readonly lastExecution: number;
  /** The highest `id` ever given to an incident. */
  readonly lastIncident: number;
  readonly purgedBefore: string;
}

const FACTS = builder.selectFrom("ledger").select(["key", "value"]).compile();
const SEQUENCES = builder
  .withTables<{ sqlite_sequence: { name: string; seq: number } }>()
  .selectFrom("sqlite_sequence")
  .select(["name", "seq"])
  .compile();

/**
 * Reads them from the main file alone, without changing it or the files beside it.
 *
 * @returns `undefined` when it can't be read because somebody is writing the file at the moment.
 * @throws SQLite's `SQLITE_NOTADB`, or the file system's error.
 */
export function storedFacts(path: string): StoredFacts | undefined {
  const uri = `${Bun.pathToFileURL(path).href}?immutable=1`;
  using database = new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
  try {
    const facts = valuesOf(database, FACTS.sql, "key", "value");
    const sequences = valuesOf(database, SEQUENCES.sql, "name", "seq");
    return {
      ledgerId: facts.has("id") ? String(facts.get("id")) : undefined,
      lastExecution: Number(sequences.get("executions") ?? 0),
      lastIncident: Number(sequences.get("incidents") ?? 0),
      purgedBefore: String(facts.get("purged_before") ?? ""),
    };
  } catch (error) {
    // A checkpoint in progress, or one cut short, leaves a file shorter than its header says.
    if (codeOf(error).startsWith("SQLITE_CORRUPT")) return undefined;
    throw error;
  }
}

/** `undefined` if there is no such table. */
function valuesOf(database: Database, sql: string, key: string, value: string): Map<unknown, unknown> {
  try {
    using statement = database.prepare<Record<string, unknown>, []>(sql);
    return new Map(statement.all().map((row) => [row[key], row[value]]));
  } catch (error) {
    if (error instanceof Error && /^no such (table|column)/.test(error.message)) return new Map();
    throw error;
  }
}
