import { messageOf } from "../describe";
import { failureKindOf } from "../postgres/errors";
import { storable } from "../postgres/storable";
import { toPayload } from "../record/payload";
import { recordOf } from "../report/execution-record";
import type { ForwardTarget, SendResult } from "./forward-target";
import type { LedgerSource } from "./ledger-source";
import { resumePoint } from "./resume";
import type { SourceExecution } from "./source-statements";
import { fromLedger, refusalIdentity, type TargetIncident } from "./target-incidents";
import type { Position } from "./target-statements";

/** The ledger's form of a time. PostgreSQL would accept much more, such as "yesterday". */
const LEDGER_TIME = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)?$/;

/** The outcome of forwarded executions, and the number of incidents sent. */
export interface ForwardCounts {
  /** New on the target. */
  readonly forwarded: number;
  /** Already there, by their identity. */
  readonly duplicates: number;
  /** Refused by the target; each becomes an incident there. */
  readonly rejected: number;
  readonly incidents: number;
}

/** A position in a ledger. */
export interface Mark {
  /** `id` of an execution. */
  readonly execution: number;
  /** `id` of an incident. */
  readonly incident: number;
}

/** What a session reports to its forwarder. */
export interface SessionEvents {
  readonly onSent: (counts: ForwardCounts) => void;
  readonly onRejected: (reason: string, executions: number) => void;
  readonly onNotice: (message: string) => void;
}

/** A row with values that the target would misread. */
class MalformedRowError extends Error {}

/** The target or the ledger has gone back to an earlier state: somebody restored it from a backup. */
class SetBackError extends Error {}

/** Forwards a ledger until the first failure. A new session then works out where to resume. */
export class ForwardSession {
  readonly #source: LedgerSource;
  readonly #target: ForwardTarget;
  readonly #batchSize: number;
  readonly #events: SessionEvents;
  #position: Position = { id: 0, executionId: null };
  #incidentId = 0;
  #resentUpTo = 0;

  private constructor(source: LedgerSource, target: ForwardTarget, batchSize: number, events: SessionEvents) {
    this.#source = source;
    this.#target = target;
    this.#batchSize = batchSize;
    this.#events = events;
  }

  /** Works out where to resume from what the target and the ledger know. */
  static async resume(
    source: LedgerSource,
    target: ForwardTarget,
    batchSize: number,
    events: SessionEvents,
  ): Promise<ForwardSession> {
    const session = new ForwardSession(source, target, batchSize, events);
    await session.#resume();
    return session;
  }

  /** How many executions are not on the target yet. */
  get behind(): number {
    return Math.max(0, this.#source.newestId - this.#position.id);
  }

  /**
   * The last execution and the last incident in the ledger.
   *
   * @throws {LedgerChangedError}
   */
  get newest(): Mark {
    this.#source.assertUnchanged();
    return { execution: this.#source.newestId, incident: this.#source.newestIncidentId };
  }

  /** Whether everything up to that position is on the target, or was refused there. */
  hasReached({ execution, incident }: Mark): boolean {
    return this.#position.id >= execution && this.#incidentId >= incident;
  }

  /**
   * Forwards the next batch; returns `false` when there was nothing to forward.
   *
   * @throws {LedgerChangedError}
   */
  async step(): Promise<boolean> {
    this.#source.assertUnchanged();
    try {
      this.#assertNotSetBack();
      return await this.#forwardNext();
    } catch (error) {
      if (!(error instanceof SetBackError)) throw error;
      await this.#resume();
      return true;
    }
  }

  async #forwardNext(): Promise<boolean> {
    const rows = this.#source.executionsAfter(this.#position.id, this.#batchSize);
    if (rows.length > 0) {
      await this.#sendAll(rows);
      this.#noteProgress();
    }
    const incidents = this.#source.incidentsAfter(this.#incidentId, this.#batchSize);
    const lastIncident = incidents.at(-1);
    if (lastIncident !== undefined) {
      const span = { from: this.#incidentId, to: lastIncident.id };
      const sent = await this.#target.sendIncidents(incidents.map(fromLedger), span);
      if (sent === undefined) throw new SetBackError();
      this.#incidentId = lastIncident.id;
      this.#noteProgress();
      this.#events.onSent({ ...NOTHING_SENT, incidents: sent });
    }
    return rows.length > 0 || incidents.length > 0;
  }

  async #resume(): Promise<void> {
    const { last_id: noted, last_incident_id: notedIncident } = this.#source.watermark;
    const known = await this.#target.state();
    const { from, incidentsFrom, resentUpTo } = resumePoint({
      noted,
      notedIncident,
      target: known,
      executionIdThere: known && this.#executionIdAt(known.lastId),
      newestId: this.#source.newestId,
    });
    // The ledger may have purged the target's last execution since.
    const executionId = from === known?.lastId ? known.executionId : (this.#executionIdAt(from) ?? null);
    this.#position = { id: from, executionId };
    this.#incidentId = incidentsFrom;
    this.#resentUpTo = resentUpTo;
    const isThere =
      from === known?.lastId && incidentsFrom === known.lastIncidentId && resentUpTo === known.resentUpTo;
    if (!isThere) await this.#target.moveTo(this.#position, incidentsFrom, resentUpTo);
    if (from < noted) await this.#reportMissing(from, noted);
    this.#noteProgress();
  }

  /**
   * Warns of executions that a restored target has lost and that can't be sent again, because the ledger purged them.
   */
  async #reportMissing(from: number, noted: number): Promise<void> {
    const count = this.#source.missing(from, noted);
    if (count === 0) return;
    const reason = `The ledger has since purged forwarded executions (${count}): if this database was restored or emptied, it lacks them.`;
    await this.#target.report({ identity: ["missing", from, noted], kind: "degraded", count, reason });
    this.#events.onNotice(reason);
  }

  /** The identity of the ledger's execution with this `id`, in the form in which the target stores it. */
  #executionIdAt(id: number): string | null | undefined {
    const execution = this.#source.execution(id);
    return storable(execution?.execution_id);
  }

  /**
   * A ledger that was restored into the same file assigns its ids a second time; its own watermark, as old as the
   * backup, shows that.
   */
  #assertNotSetBack(): void {
    const { last_id, last_incident_id } = this.#source.watermark;
    if (last_id < this.#position.id || last_incident_id < this.#incidentId) throw new SetBackError();
  }

  #noteProgress(): void {
    this.#source.moveWatermark({ last_id: this.#position.id, last_incident_id: this.#incidentId });
  }

  /** When the target refuses a row, the batch is bisected until that row is alone. */
  async #sendAll(rows: readonly SourceExecution[]): Promise<void> {
    const isResent = (row: SourceExecution) => row.id <= this.#resentUpTo;
    const parts = [rows.filter((row) => !isResent(row)), rows.filter(isResent)];
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const [first] = part;
      try {
        await this.#send(part);
      } catch (error) {
        if (!(error instanceof MalformedRowError) && failureKindOf(error) !== "row") throw error;
        const middle = part.length >> 1;
        if (middle > 0) parts.push(part.slice(middle), part.slice(0, middle));
        else if (first !== undefined) await this.#reject(first, error);
      }
    }
  }

  async #send(rows: readonly SourceExecution[]): Promise<void> {
    if (rows.length === 0) return;
    assertWellFormed(rows);
    const to = positionOf(rows.at(-1));
    const { inserted, refused } = await this.#sendOnce(rows, to);
    this.#position = to;
    if (refused > 0) this.#events.onRejected(BEYOND_RETENTION, refused);
    this.#events.onSent({
      ...NOTHING_SENT,
      forwarded: inserted,
      duplicates: rows.length - inserted - refused,
      rejected: refused,
    });
  }

  async #sendOnce(rows: readonly SourceExecution[], to: Position): Promise<SendResult> {
    const isNew = (rows[0]?.id ?? 0) > this.#resentUpTo;
    const from = this.#position;
    const refusal = (row: SourceExecution) => this.#refusal(row, BEYOND_RETENTION);
    const result =
      (isNew ? await this.#target.send(rows, from, to) : undefined) ??
      (await this.#target.sendAgain(rows, from, to, refusal));
    if (result === undefined) throw new SetBackError();
    return result;
  }

  async #reject(row: SourceExecution, error: unknown): Promise<void> {
    const to = positionOf(row);
    const reason = messageOf(error);
    if (!(await this.#target.reject(this.#refusal(row, reason), this.#position, to)))
      throw new SetBackError();
    this.#position = to;
    this.#events.onRejected(reason, 1);
    this.#events.onSent({ ...NOTHING_SENT, rejected: 1 });
  }

  #refusal(row: SourceExecution, reason: string): TargetIncident {
    const execution = this.#source.execution(row.id);
    return {
      identity: refusalIdentity(row.execution_id),
      kind: "rejected",
      reason,
      payload: toPayload(execution === undefined ? row : recordOf(execution)),
    };
  }
}

const BEYOND_RETENTION =
  "It may already have been sent, counted and purged on the target: it completed before the newest execution that was purged there.";
const NOTHING_SENT: ForwardCounts = { forwarded: 0, duplicates: 0, rejected: 0, incidents: 0 };

function positionOf(row: SourceExecution | undefined): Position {
  return { id: row?.id ?? 0, executionId: storable(row?.execution_id ?? null) };
}

function assertWellFormed(rows: readonly SourceExecution[]): void {
  for (const { created_at, cost_usd, models = [] } of rows) {
    if (created_at === null || !LEDGER_TIME.test(created_at))
      throw new MalformedRowError(`created_at is not a time as the ledger stores it: ${created_at}`);
    // Infinity and NaN, once added to a sum, can't be subtracted again.
    for (const usd of [cost_usd, ...models.map((model) => model.cost_usd)])
      if (!Number.isFinite(Number(usd)))
        throw new MalformedRowError(`cost_usd is not a finite number: ${usd}`);
  }
}
