import type { Kysely } from "kysely";
import type { PostgresSchema } from "../postgres/schema";
import { toLedgerTime } from "../telemetry/time";
import type { Incident } from "../telemetry/types";
import type { SourceIncident } from "./source-statements";

/** An incident for the target. */
export interface TargetIncident extends Incident {
  /** By what it is told from others: sent again, it is stored once. */
  readonly identity: readonly unknown[];
  /** As stored in the ledger. Default: now. */
  readonly at?: string;
}

/** Stores incidents that are not there yet. */
export async function insertIncidents(
  db: Kysely<PostgresSchema>,
  ledgerId: string,
  incidents: readonly TargetIncident[],
): Promise<void> {
  if (incidents.length === 0) return;
  const now = toLedgerTime(Date.now());
  await db
    .insertInto("incidents")
    .values(
      incidents.map(({ identity, at = now, kind, count = 1, reason, payload }) => ({
        incident_id: digest([ledgerId, ...identity]),
        ledger_id: ledgerId,
        at: `${at}Z`,
        kind,
        count,
        reason: storable(reason),
        payload: payload === undefined ? null : storable(payload),
      })),
    )
    .onConflict((conflict) => conflict.column("incident_id").doNothing())
    .execute();
}

/** Of all that is in it: a ledger that was restored gives out its ids a second time. */
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

/** PostgreSQL has no NUL in its texts: it is shown as JSON shows it. */
function storable(text: string): string {
  return text.replaceAll("\0", "\\u0000");
}
