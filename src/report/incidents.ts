import type { Selectable } from "kysely";
import type { IncidentsTable } from "../ledger/schema";
import type { IncidentKind } from "../record/types";
import type { Ledger } from "./database/ledger";
import { reading } from "./database/snapshot";
import { toIsoTime } from "./execution-record";

/** A row of `incidents`. */
export type IncidentRow = Selectable<IncidentsTable>;

/** The kinds of incidents. */
export const INCIDENT_KINDS = [
  "rejected",
  "dropped",
  "spilled",
  "degraded",
] as const satisfies readonly IncidentKind[];

/** Which incidents, and in what order. */
export interface IncidentsOptions {
  readonly kind?: IncidentKind | undefined;
  /** By `id`, which is the order in which they happened. */
  readonly order: "newest" | "oldest";
  /** At most this many. Default: all. */
  readonly limit?: number | undefined;
  /** Only those after the incident with this `id`, in that order. */
  readonly afterId?: number | undefined;
}

/** Rows per page. Payloads may be long; a page of this size still stays small. */
const PAGE_ROWS = 200;

/**
 * The incidents of a ledger, page by page: each page is one short read.
 *
 * @throws {RunledgerError} `STORE_FAILED`
 */
export async function* incidentsOf(
  ledger: Ledger,
  { kind, order, limit = Number.POSITIVE_INFINITY, afterId }: IncidentsOptions,
): AsyncGenerator<readonly IncidentRow[]> {
  const isNewestFirst = order === "newest";
  let last = afterId;
  for (let left = limit; left > 0; ) {
    const wanted = Math.min(PAGE_ROWS, left);
    let query = ledger.db
      .selectFrom("incidents")
      .selectAll()
      .orderBy("id", isNewestFirst ? "desc" : "asc")
      .limit(wanted);
    if (kind !== undefined) query = query.where("kind", "=", kind);
    if (last !== undefined) query = query.where("id", isNewestFirst ? "<" : ">", last);
    const page = query;
    const rows = await reading(ledger, () => page.execute());
    if (rows.length > 0) yield rows;
    if (rows.length < wanted) return;
    last = rows.at(-1)?.id;
    left -= rows.length;
  }
}

/** An incident, as it is printed. */
export type PrintedIncident = Pick<IncidentRow, "id" | "at" | "kind" | "count" | "reason" | "payload">;

export function printedIncident({ id, at, kind, count, reason, payload }: IncidentRow): PrintedIncident {
  return { id, at: toIsoTime(at), kind, count, reason, payload };
}
