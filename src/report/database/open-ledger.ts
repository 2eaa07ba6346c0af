import { statSync } from "node:fs";
import { Kysely } from "kysely";
import { BunSqliteDialect } from "kysely-bun-sqlite";
import { codeOf, describe, messageOf } from "../../describe";
import { RunledgerError } from "../../errors";
import { dbPathOption } from "../../ledger/options";
import { plainPath } from "../../ledger/plain-path";
import { type DatabaseKind, kindOf } from "../../ledger/recognize";
import type { LedgerSchema } from "../../ledger/schema";
import { SCHEMA_VERSION } from "../../ledger/schema";
import { hintFor } from "../../ledger/sqlite-errors";
import { isPostgresUrl } from "../../postgres/url";
import type { Ledger } from "./ledger";
import { openForReading, type ReadingDatabase } from "./reading-database";

const UNREADABLE = "Check that this user may read the file and its folder.";
const URL_SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/**
 * Opens a ledger for reading, also while an application writes to it, on a read-only file system, or in the earlier
 * one-table design. It never creates a ledger, never changes its tables, and never blocks its writer, unless it is a
 * file of that design that is not in WAL mode.
 *
 * @param urlOrPath The path of a SQLite file, or the `postgres://` URL of a ledger that others are forwarded to.
 * @throws {RunledgerError} `LEDGER_NOT_FOUND`, `SCHEMA_TOO_OLD`, `SCHEMA_TOO_NEW`, `OPEN_FAILED`, `INVALID_ARGUMENT`,
 *   `MISSING_PACKAGE` without the optional package `pg`
 * @example
 * ```ts
 * await using ledger = await openLedger("./data/telemetry.db");
 * const costly = await ledger.db.selectFrom("executions").selectAll().where("cost_usd", ">", 1).execute();
 * ```
 */
export async function openLedger(urlOrPath: string): Promise<Ledger> {
  if (isPostgresUrl(urlOrPath)) {
    const { openPostgresLedger } = await import("./open-postgres");
    return openPostgresLedger(urlOrPath);
  }
  const path = pathOf(urlOrPath);
  const { database, kind } = openFile(path, (opened) => {
    if (opened.kind === "incomplete") throw tooOld(path);
    if (opened.kind === "earlier") addLedgerViews(opened.database);
    opened.database.pragma("query_only = ON");
  });
  const db = new Kysely<LedgerSchema>({ dialect: new BunSqliteDialect({ database }) });
  const close = async (): Promise<void> => database.close();
  return {
    db,
    engine: "sqlite",
    location: path,
    hasRollups: kind === "ledger",
    close,
    [Symbol.asyncDispose]: close,
  };
}

function addLedgerViews(database: ReadingDatabase): void {
  // Loaded on use: few databases need it, and its statements take a tenth of a report's start-up time.
  const { earlierDesignViews } = require("./earlier-design") as typeof import("./earlier-design");
  for (const { sql } of earlierDesignViews()) database.run(sql);
}

function pathOf(urlOrPath: string): string {
  // A URL may contain a password: only its scheme is shown.
  const [, scheme] = URL_SCHEME.exec(urlOrPath) ?? [];
  const { success, data } = dbPathOption.safeParse(urlOrPath);
  if (success && scheme === undefined) return plainPath(data);
  const received = scheme === undefined ? describe(urlOrPath) : `a URL that begins with ${scheme}://`;
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    `openLedger: expected the path of a SQLite file, without spaces around it, or a postgres:// URL, received ${received}.`,
  );
}

/** A ledger's file that was opened for reading. */
export interface OpenedFile {
  readonly database: ReadingDatabase;
  readonly kind: DatabaseKind;
}

/**
 * Opens a ledger's file, even if it lacks part of the current schema.
 *
 * @param prepare Further steps that may fail; the file is then closed.
 */
export function openFile(path: string, prepare: (opened: OpenedFile) => void = () => {}): OpenedFile {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw notFound(`There is no ledger at ${path}.`);
  if (status.isDirectory()) throw openFailed(`${path} is a folder.`, "Name a file in it.");
  let database: ReadingDatabase | undefined;
  try {
    database = openForReading(path);
    const kind = kindOf(database);
    refuseUnreadable(path, kind, Number(database.pragma("user_version")[0]?.["user_version"]));
    const opened = { database, kind };
    prepare(opened);
    return opened;
  } catch (error) {
    database?.close();
    if (error instanceof RunledgerError) throw error;
    const hint = codeOf(error).startsWith("SQLITE_CANTOPEN") ? UNREADABLE : hintFor(error);
    throw openFailed(`Can't open the ledger ${path}: ${messageOf(error)}.`, hint, error);
  }
}

function refuseUnreadable(path: string, kind: DatabaseKind, version: number): void {
  if (version > SCHEMA_VERSION) {
    throw new RunledgerError(
      "SCHEMA_TOO_NEW",
      `The ledger ${path} has schema version ${version}; this Runledger knows up to ${SCHEMA_VERSION}.`,
      { hint: "Update runledger." },
    );
  }
  if (kind === "empty") throw notFound(`There is no ledger in ${path} yet: it is empty.`);
  if (kind === "foreign") throw openFailed(`${path} is the database of another program.`, "Check the path.");
}

function tooOld(path: string): RunledgerError {
  return new RunledgerError(
    "SCHEMA_TOO_OLD",
    `The ledger ${path} lacks a part of schema version ${SCHEMA_VERSION}, which this Runledger reads.`,
    { hint: `Open it once for writing: start the application, or run "runledger checkpoint --db ${path}".` },
  );
}

function notFound(message: string): RunledgerError {
  return new RunledgerError("LEDGER_NOT_FOUND", message, {
    hint: "Check the path; an application with the telemetry plugin makes the ledger when it starts.",
  });
}

function openFailed(message: string, hint: string | undefined, cause?: unknown): RunledgerError {
  return new RunledgerError("OPEN_FAILED", message, { cause, hint });
}
