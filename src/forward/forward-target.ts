import { type Kysely, sql } from "kysely";
import { RunledgerError } from "../errors";
import { failureKindOf } from "../postgres/errors";
import { type ExecutionsKey, executionsKey } from "../postgres/primary-key";
import type { PostgresSchema } from "../postgres/schema";
import type { SourceExecution } from "./source-statements";
import { insertIncidents, refusalId, type TargetIncident } from "./target-incidents";
import { type Position, presentExecutions, sendExecutions, sendRefused } from "./target-statements";

/** How often a transaction is tried: a conflict with another one is soon over. */
const CONFLICT_TRIES = 20;
const CONFLICT_PAUSE_MS = 50;

/** What the target knows of a ledger. */
export interface TargetState {
  readonly lastId: number;
  readonly executionId: string | null;
  readonly lastIncidentId: number;
  readonly resentUpTo: number;
}

/** The outcome of executions that were sent; all others were already there. */
export interface SendResult {
  readonly inserted: number;
  readonly refused: number;
}

/**
 * One ledger's watermark in a PostgreSQL ledger. Each method is one transaction, which moves the watermark together
 * with the rows: whatever fails, the two agree.
 */
export class ForwardTarget {
  readonly #db: Kysely<PostgresSchema>;
  readonly #ledgerId: string;
  readonly #schema: string;
  #key: ExecutionsKey | undefined;

  constructor(db: Kysely<PostgresSchema>, schema: string, ledgerId: string) {
    this.#db = db;
    this.#schema = schema;
    this.#ledgerId = ledgerId;
  }

  /** The identity of the target, independent of its address: every PostgreSQL ledger gets an id with its tables. */
  async identity(): Promise<string | undefined> {
    const id = await this.#db.selectFrom("ledger").select("value").where("key", "=", "id").executeTakeFirst();
    return id?.value;
  }

  /** `undefined` when the target has never received anything from the ledger. */
  async state(): Promise<TargetState | undefined> {
    const source = await this.#db
      .selectFrom("forward_sources")
      .select(["last_id", "last_execution_id", "last_incident_id", "resent_up_to"])
      .where("ledger_id", "=", this.#ledgerId)
      .executeTakeFirst();
    return (
      source && {
        lastId: source.last_id,
        executionId: source.last_execution_id,
        lastIncidentId: source.last_incident_id,
        resentUpTo: source.resent_up_to,
      }
    );
  }

  /** Sets the ledger's watermark to where forwarding resumes. */
  async moveTo({ id, executionId }: Position, incidentId: number, resentUpTo: number): Promise<void> {
    const place = {
      last_id: id,
      last_execution_id: executionId,
      last_incident_id: incidentId,
      resent_up_to: resentUpTo,
    };
    await this.#retried(() =>
      this.#db
        .insertInto("forward_sources")
        .values({ ledger_id: this.#ledgerId, ...place, updated_at: "now" })
        .onConflict((conflict) => conflict.column("ledger_id").doUpdateSet({ ...place, updated_at: "now" }))
        .execute(),
    );
  }

  /**
   * Stores executions that were never sent before. Returns `undefined`, and stores nothing, when another forwarder has
   * moved the ledger's watermark meanwhile.
   */
  async send(
    rows: readonly SourceExecution[],
    from: Position,
    to: Position,
  ): Promise<SendResult | undefined> {
    const key = await this.#executionsKey();
    const { moved, inserted } = await this.#retried(() =>
      sendExecutions(this.#db, key, this.#ledgerId, rows, from, to),
    );
    return moved === 1 ? { inserted, refused: 0 } : undefined;
  }

  /**
   * Stores executions that may have been sent before. One that is missing here and completed before the newest purged
   * execution may have been counted and purged: it becomes an incident. Returns `undefined`, and stores nothing, when
   * the ledger's watermark is before `from`: rows in between would be skipped.
   */
  async sendAgain(
    rows: readonly SourceExecution[],
    from: Position,
    to: Position,
    refusal: (row: SourceExecution) => TargetIncident,
  ): Promise<SendResult | undefined> {
    const key = await this.#executionsKey();
    return this.#retried(() =>
      this.#transaction(async (trx) => {
        // A purge locks this table too: it is either finished and visible, or waits until this transaction ends.
        const { last_id, last_execution_id } = await trx
          .selectFrom("forward_sources")
          .select(["last_id", "last_execution_id"])
          .where("ledger_id", "=", this.#ledgerId)
          .forUpdate()
          .executeTakeFirstOrThrow();
        if (last_id < from.id) return undefined;
        const undecidable = await this.#undecidable(trx, key, rows);
        const there = { id: last_id, executionId: last_execution_id };
        const decidable = rows.filter((row) => !undecidable.has(row));
        const { inserted } = await sendExecutions(trx, key, this.#ledgerId, decidable, there, to);
        await insertIncidents(trx, this.#ledgerId, Array.from(undecidable, refusal));
        return { inserted, refused: undecidable.size };
      }),
    );
  }

  /**
   * Stores an incident instead of an execution. Returns `false`, and stores nothing, when the watermark is before
   * `from`.
   */
  reject(incident: TargetIncident, from: Position, to: Position): Promise<boolean> {
    return this.#retried(() =>
      this.#transaction(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable("forward_sources")
          .set({ last_id: to.id, last_execution_id: to.executionId, updated_at: "now" })
          .where("ledger_id", "=", this.#ledgerId)
          .where("last_id", ">=", from.id)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) return false;
        await insertIncidents(trx, this.#ledgerId, [incident]);
        return true;
      }),
    );
  }

  /**
   * Stores the incidents of the ledger whose `id` is after `from` and up to `to`. Returns how many were new; or
   * `undefined`, storing nothing, when the target's watermark is before `from`.
   */
  sendIncidents(
    incidents: readonly TargetIncident[],
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<number | undefined> {
    return this.#retried(() =>
      this.#transaction(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable("forward_sources")
          .set({ last_incident_id: to, updated_at: "now" })
          .where("ledger_id", "=", this.#ledgerId)
          .where("last_incident_id", ">=", from)
          .executeTakeFirst();
        return numUpdatedRows === 0n ? undefined : insertIncidents(trx, this.#ledgerId, incidents);
      }),
    );
  }

  /**
   * Stores an execution that was refused, and removes its incident; with `isDry`, rolls back.
   *
   * @throws {RunledgerError} `BEYOND_RETENTION`, unless it may be counted a second time; and the database's own errors.
   */
  async retry(
    row: SourceExecution,
    { mayBeCounted, isDry }: { readonly mayBeCounted: boolean; readonly isDry: boolean },
  ): Promise<"stored" | "duplicate"> {
    const key = await this.#executionsKey();
    const rollback = new Error("a dry run");
    let inserted = 0;
    const attempt = () =>
      this.#transaction(async (trx) => {
        // A purge locks this table too: it and this transaction wait for each other.
        await sql`LOCK TABLE ${sql.id(this.#schema, "forward_sources")} IN ROW EXCLUSIVE MODE`.execute(trx);
        if (!mayBeCounted && (await this.#undecidable(trx, key, [row])).size > 0) {
          throw new RunledgerError(
            "BEYOND_RETENTION",
            `Execution ${row.execution_id} completed at ${row.created_at}, before the newest that was purged.`,
          );
        }
        ({ inserted } = await sendRefused(trx, key, this.#ledgerId, row));
        const id = refusalId(this.#ledgerId, row.execution_id);
        await trx.deleteFrom("incidents").where("incident_id", "=", id).execute();
        if (isDry) throw rollback;
      });
    await this.#retried(attempt).catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
    return inserted > 0 ? "stored" : "duplicate";
  }

  /** Stores an incident of forwarding itself. */
  async report(incident: TargetIncident): Promise<void> {
    await this.#retried(() => insertIncidents(this.#db, this.#ledgerId, [incident]));
  }

  async #executionsKey(): Promise<ExecutionsKey> {
    this.#key ??= await executionsKey(this.#db, this.#schema);
    return this.#key;
  }

  async #undecidable(
    trx: Kysely<PostgresSchema>,
    key: ExecutionsKey,
    rows: readonly SourceExecution[],
  ): Promise<Set<SourceExecution>> {
    const purged = await trx
      .selectFrom("ledger")
      .select("value")
      .where("key", "=", "purged_before")
      .executeTakeFirst();
    const before = purged?.value ?? "";
    const older = rows.filter((row) => (row.created_at ?? "").replace("T", " ") < before);
    if (older.length === 0) return new Set();
    const present = await presentExecutions(trx, key, this.#ledgerId, older);
    return new Set(older.filter((row) => !present.has(row.execution_id)));
  }

  /** Each statement must see what a purge that it waited for has deleted, whatever the database's default isolation. */
  #transaction<Result>(body: (trx: Kysely<PostgresSchema>) => Promise<Result>): Promise<Result> {
    return this.#db.transaction().setIsolationLevel("read committed").execute(body);
  }

  async #retried<Result>(action: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await action();
      } catch (error) {
        if (failureKindOf(error) !== "conflict" || tries === CONFLICT_TRIES) throw error;
        await Bun.sleep(Math.random() * CONFLICT_PAUSE_MS);
      }
    }
  }
}
