import { existsSync } from "node:fs";
import type { CompiledQuery } from "kysely";
import { RunledgerError } from "../errors";
import { adoptRows } from "../ledger/adoption";
import type { Connection } from "../ledger/connection";
import { LedgerFile } from "../ledger/ledger-file";
import { openLedgerFile } from "../ledger/open";
import type { ExecutionRow } from "../ledger/schema";
import { SELECT_LEDGER_ID, selectAnyModel, selectModels } from "../ledger/statements";
import { toLedgerTime } from "../record/time";
import {
  countExecutions,
  forgetTarget,
  intendTarget,
  noteSending,
  noteTarget,
  SELECT_NEWEST,
  SELECT_NEWEST_INCIDENT,
  type SourceExecution,
  type SourceIncident,
  selectExecution,
  selectExecutionsAfter,
  selectIncidentsAfter,
  selectModelsBetween,
  selectWatermark,
  type Watermark,
} from "./source-statements";

/** How long one attempt waits for the write lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 2_000;

/** Another file has replaced the ledger's: it has to be reopened. */
export class LedgerChangedError extends Error {}

/**
 * A ledger as the forwarder uses it: it reads executions and writes only the watermark of a target, in short
 * transactions.
 */
export class LedgerSource implements Disposable {
  readonly ledgerId: string;
  readonly #target: string;
  #identity: string | undefined;
  readonly #connection: Connection;
  readonly #file: LedgerFile;

  /**
   * Opens the ledger and notes the intended target. No rows are held back for it yet.
   *
   * @throws {RunledgerError} `LEDGER_NOT_FOUND`, `OPEN_FAILED`, `SCHEMA_TOO_NEW`
   */
  constructor(dbPath: string, target: string) {
    this.#connection = openExisting(dbPath);
    try {
      this.ledgerId = this.#first(SELECT_LEDGER_ID)?.value ?? "";
      this.#file = new LedgerFile(dbPath, this.ledgerId);
      this.#target = target;
      this.#connection.transaction(() => this.#connection.run(intendTarget(target)));
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  /**
   * Registers the target once it was reached: from now on no purge deletes rows that it has not received.
   *
   * @param identity The target's own identity, by which it is recognised when its address changes.
   */
  reach(identity: string): void {
    this.#identity = identity;
    this.#note(identity);
  }

  /** The target's watermark, as far as the ledger knows. */
  get watermark(): Watermark {
    const name = { target: this.#target, identity: this.#identity };
    return this.#first(selectWatermark(name)) ?? { last_id: 0, last_incident_id: 0 };
  }

  /** Also registers the target again, in case it was forgotten while it is being forwarded to. */
  moveWatermark(watermark: Watermark): void {
    this.#note(this.#identity ?? this.#target, watermark);
  }

  /** The highest `id` of all executions; 0 without any. */
  get newestId(): number {
    return this.#first(SELECT_NEWEST)?.id ?? 0;
  }

  /** The same for incidents. */
  get newestIncidentId(): number {
    return this.#first(SELECT_NEWEST_INCIDENT)?.id ?? 0;
  }

  /** `undefined` when no execution has this `id`. */
  execution(id: number): ExecutionRow | undefined {
    const row = this.#first(selectExecution(id));
    if (row === undefined || !this.#hasModels()) return row;
    const models = this.#connection.all(selectModels(row.execution_id));
    return models.length === 0 ? row : { ...row, models };
  }

  /** How many executions with an `id` after `afterId` and up to `toId` are gone. */
  missing(afterId: number, toId: number): number {
    return toId - afterId - (this.#first(countExecutions(afterId, toId))?.there ?? 0);
  }

  /**
   * Call it before every read: within one process, connections to a file and to its replacement would share one -shm.
   *
   * @throws {LedgerChangedError}
   */
  assertUnchanged(): void {
    if (this.#file.change() !== "none") throw new LedgerChangedError();
  }

  /**
   * The next executions, by `id`. The transaction that reads them also notes that they are being sent, so that nobody
   * changes them any more: a target takes each only once.
   */
  executionsAfter(id: number, limit: number): SourceExecution[] {
    if (this.newestId <= id) return [];
    return this.#connection.transaction(() => {
      // Rows of an older program have no identity until they are adopted (backfilled).
      adoptRows(this.#connection);
      const rows = this.#connection.all(selectExecutionsAfter(id, limit));
      const last = rows.at(-1)?.id ?? id;
      this.#connection.run(noteSending({ target: this.#target, identity: this.#identity }, last));
      const models = this.#hasModels() ? this.#connection.all(selectModelsBetween(id, last)) : [];
      if (models.length === 0) return rows;
      const byExecution = Map.groupBy(models, ({ execution_id }) => execution_id);
      return rows.map((row) => ({ ...row, models: byExecution.get(row.execution_id) }));
    });
  }

  incidentsAfter(id: number, limit: number): SourceIncident[] {
    return this.#connection.all(selectIncidentsAfter(id, limit));
  }

  [Symbol.dispose](): void {
    if (this.#file.change() === "none") this.#connection.close();
    else this.#connection.abandon();
  }

  #hasModels(): boolean {
    return this.#first(selectAnyModel()) !== undefined;
  }

  #first<Row>(query: CompiledQuery<Row>): Row | undefined {
    return this.#connection.all(query)[0];
  }

  #note(identity: string, watermark?: Watermark): void {
    const connection = this.#connection;
    const name = { target: this.#target, identity };
    const [replace, update, insert] = noteTarget(name, toLedgerTime(Date.now()), watermark);
    connection.transaction(() => {
      connection.run(replace);
      if (connection.run(update) === 0) connection.run(insert);
    });
  }
}

/** Removes the registration of a target; returns `false` when there was none. */
export function forgetForwardTarget(dbPath: string, target: string): boolean {
  const connection = openExisting(dbPath);
  try {
    return connection.transaction(() => connection.run(forgetTarget(target))) > 0;
  } finally {
    connection.close();
  }
}

function openExisting(dbPath: string): Connection {
  if (existsSync(dbPath))
    return openLedgerFile(dbPath, { synchronous: "NORMAL", busyTimeoutMs: BUSY_TIMEOUT_MS });
  throw new RunledgerError("LEDGER_NOT_FOUND", `There is no ledger at ${dbPath}.`, {
    hint: "Check the path; an application with the telemetry plugin makes the ledger when it starts.",
  });
}
