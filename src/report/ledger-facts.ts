import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { toEpochMs } from "../record/time";
import type { Span } from "./conditions";

/** Executions before this instant may have been purged; `undefined` when none ever were. In epoch milliseconds. */
export async function purgedBefore(db: Kysely<LedgerSchema>): Promise<number | undefined> {
  const facts = db.selectFrom("ledger").select("value").where("key", "=", "purged_before");
  const fact = await facts.executeTakeFirst();
  return fact && toEpochMs(`${fact.value}Z`);
}

/** A span in which all executions of another span are: unbounded ends are replaced by the first or last execution. */
export async function inhabited(db: Kysely<LedgerSchema>, { fromMs, toMs }: Span): Promise<Span> {
  const first = db.selectFrom("executions").select("created_at").orderBy("created_at", "asc").limit(1);
  const last = db.selectFrom("executions").select("created_at").orderBy("created_at", "desc").limit(1);
  return {
    fromMs: Number.isFinite(fromMs) ? fromMs : (timeOf(await first.executeTakeFirst()) ?? 0),
    toMs: Number.isFinite(toMs) ? toMs : (timeOf(await last.executeTakeFirst()) ?? Date.now()),
  };
}

function timeOf(row: { readonly created_at: string } | undefined): number | undefined {
  return row && toEpochMs(`${row.created_at}Z`);
}
