import type { Kysely } from "kysely";
import type { PostgresSchema } from "../postgres/schema";
import { storable } from "../postgres/storable";
import { toLedgerTime } from "../record/time";
import type { Incident } from "../record/types";
import type { SourceIncident } from "./source-statements";

/** A statement may have 65,535 parameters; each incident takes seven. */
const ROWS_AT_ONCE = 1_000;

/** An incident for the target. */
export interface TargetIncident extends Incident {
  /** The deduplication key: sent again, the incident is stored once. */
  readonly identity: readonly unknown[];
  /** As stored in the ledger. Default: now. */
  readonly at?: string;
}

/** Stores incidents that are not there yet; returns how many were new. */
export async function insertIncidents(
  db: Kysely<PostgresSchema>,
  ledgerId: string,
  incidents: readonly TargetIncident[],
): Promise<number> {
  const now = toLedgerTime(Date.now());
  const rows = incidents.map(({ identity, at = now, kind, count = 1, reason, payload }) => ({
    incident_id: digest([ledgerId, ...identity]),
    ledger_id: ledgerId,
    at: `${at}Z`,
    kind,
    count,
    reason: storable(reason),
    payload: storable(payload) ?? null,
  }));
  let inserted = 0;
  for (let first = 0; first < rows.length; first += ROWS_AT_ONCE) {
    const { numInsertedOrUpdatedRows = 0n } = await db
      .insertInto("incidents")
      .values(rows.slice(first, first + ROWS_AT_ONCE))
      .onConflict((conflict) => conflict.column("incident_id").doNothing())
      .executeTakeFirst();
    inserted += Number(numInsertedOrUpdatedRows);
  }
  return inserted;
}

/** The identity of a refused execution, for the key of its incident. */
export function refusalIdentity(executionId: string): readonly unknown[] {
  return ["execution", executionId];
}

/** The key of the incident of an execution that the target refused. */
export function refusalId(ledgerId: string, executionId: string): string {
  return digest([ledgerId, ...refusalIdentity(executionId)]);
}

/** Derived from the whole content, because a restored ledger assigns its ids a second time. */
export function fromLedger(incident: SourceIncident): TargetIncident {
  const { id, at, kind, count, reason, payload } = incident;
  return {
    identity: ["incident", id, at, kind, count, reason, payload],
    at,
    kind,
    count,
    reason,
    payload: payload ?? undefined,
  };
}

function digest(identity: readonly unknown[]): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(identity)).digest("hex");
}
