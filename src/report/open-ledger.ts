import { Database, type SQLQueryBindings, type Statement } from "bun:sqlite";
import { existsSync } from "node:fs";
import { Kysely } from "kysely";
import { BunSqliteDialect } from "kysely-bun-sqlite";
import { RunledgerError } from "../errors";
import type { LedgerSchema } from "../telemetry/schema";

/** An open ledger to read from. */
export interface Ledger extends AsyncDisposable {
  /** Kysely on the ledger's tables; writing through it fails. */
  readonly db: Kysely<LedgerSchema>;
  close(): Promise<void>;
}

/**
 * Opens a ledger for reading. Never creates one, never changes its tables.
 *
 * @throws {RunledgerError} `LEDGER_NOT_FOUND`
 * @example
 * ```ts
 * await using ledger = openLedger("./data/telemetry.db");
 * const costly = await ledger.db.selectFrom("executions").selectAll().where("cost_usd", ">", 1).execute();
 * ```
 */
export function openLedger(path: string): Ledger {
  if (!existsSync(path)) {
    throw new RunledgerError("LEDGER_NOT_FOUND", `There is no ledger at ${path}.`, {
      hint: "Check the path; an application with the telemetry plugin makes the file when it starts.",
    });
  }
  // A read-only connection would leave -wal and -shm files behind; this one removes them, and writes nothing else.
  const database = new CachingDatabase(path, { readwrite: true, create: false, strict: true });
  database.run("PRAGMA query_only = ON");
  database.run("PRAGMA busy_timeout = 5000");
  const db = new Kysely<LedgerSchema>({ dialect: new BunSqliteDialect({ database }) });
  const close = async (): Promise<void> => database.close();
  return { db, close, [Symbol.asyncDispose]: close };
}

type Prepared<Row, Bindings extends SQLQueryBindings | SQLQueryBindings[]> = ReturnType<
  typeof Database.prototype.prepare<Row, Bindings>
>;

/** kysely-bun-sqlite prepares each query anew and finalises none: this keeps one statement per text, and ends it. */
class CachingDatabase extends Database {
  readonly #statements = new Map<string, Statement>();

  override prepare<Row, Bindings extends SQLQueryBindings | SQLQueryBindings[]>(
    sql: string,
  ): Prepared<Row, Bindings> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known as Prepared<Row, Bindings>;
    const statement = super.prepare<Row, Bindings>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  override close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    super.close(true);
  }
}
