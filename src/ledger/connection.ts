import { constants, Database, type SQLQueryBindings, type Statement } from "bun:sqlite";
import type { CompiledQuery } from "kysely";

/** Makes a connection forget its file; not among the constants of bun:sqlite. (sqlite.org/c3ref, since 3.48) */
const SQLITE_FCNTL_NULL_IO = 43;

/**
 * One connection to a SQLite file. It prepares each SQL text once and finalises every statement at `close`:
 * an open statement would keep the file and its `-wal` alive.
 */
export class Connection {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  /** Opens the file, or a database in memory for `:memory:`. The file must exist. */
  constructor(path: string) {
    this.#database = new Database(path, { readwrite: true, create: path === ":memory:", strict: true });
    // Apple's SQLite keeps the -wal file after close unless told not to.
    if (path !== ":memory:") this.#database.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 0);
  }

  /** Runs a query; returns how many rows it changed. */
  run(query: CompiledQuery, parameters: readonly unknown[] = query.parameters): number {
    return this.#prepare(query.sql).run(...bindings(parameters)).changes;
  }

  all<Row>(query: CompiledQuery<Row>, parameters: readonly unknown[] = query.parameters): Row[] {
    return this.#prepare(query.sql).all(...bindings(parameters)) as Row[];
  }

  /** Runs a PRAGMA, such as `user_version` or `user_version = 3`, to completion; returns its rows. */
  pragma(text: string): Record<string, unknown>[] {
    using statement = this.#database.prepare<Record<string, unknown>, []>(`PRAGMA ${text}`);
    return statement.all();
  }

  /** The number that a PRAGMA such as `user_version` returns. */
  pragmaNumber(text: string): number {
    return Object.values(this.pragma(text)[0] ?? {})[0] as number;
  }

  /**
   * Runs `body` in one transaction that takes the write lock at once: a deferred transaction that starts to write
   * later would fail without waiting for the lock. If `body` throws, everything is rolled back.
   */
  transaction<Result>(body: () => Result): Result {
    this.#execute("BEGIN IMMEDIATE");
    try {
      const result = body();
      this.#execute("COMMIT");
      return result;
    } catch (error) {
      // Some errors, such as a full disk, have already rolled back.
      if (this.#database.inTransaction) this.#execute("ROLLBACK");
      throw error;
    }
  }

  /** Runs reads that all see the same state of the database. */
  snapshot<Result>(body: () => Result): Result {
    this.#execute("BEGIN");
    try {
      return body();
    } finally {
      this.#execute("COMMIT");
    }
  }

  /** Writes a copy of the database, as this connection sees it, into an empty file. */
  vacuumInto(path: string): void {
    this.#database.run("VACUUM INTO ?", [path]);
  }

  /** Closes without another write. Used when another file is in place: SQLite would copy its -wal into that one. */
  abandon(): void {
    try {
      this.#database.fileControl(SQLITE_FCNTL_NULL_IO, 0);
      this.close();
    } catch {
      // The connection is discarded either way.
    }
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#database.close(true);
  }

  #execute(sql: string): void {
    this.#prepare(sql).run();
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function bindings(parameters: readonly unknown[]): SQLQueryBindings[] {
  return parameters as SQLQueryBindings[];
}
