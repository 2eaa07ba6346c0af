import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { toEpochMs } from "../record/time";
import type { Span } from "./conditions";

/** What must be known about a ledger before it is read. */
export interface LedgerFacts {
  /** Executions before this instant, in epoch milliseconds, may have been purged; `undefined` if none ever were. */
  readonly purgedBeforeMs: number | undefined;
  /** Whether any execution has several models. Most ledgers have none, and their reads need no join. */
  readonly hasModels: boolean;
  /** Whether an older program has written executions that are not in the sums yet. */
  readonly hasUnadopted: boolean;
}

export async function ledgerFacts(db: Kysely<LedgerSchema>): Promise<LedgerFacts> {
  const { purgedBefore, hasModels, hasUnadopted } = await db
    .selectNoFrom(({ selectFrom, exists }) => [
      selectFrom("ledger").select("value").where("key", "=", "purged_before").as("purgedBefore"),
      exists(selectFrom("execution_models").select("model")).as("hasModels"),
      exists(selectFrom("executions").select("id").where("execution_id", "is", null)).as("hasUnadopted"),
    ])
    .executeTakeFirstOrThrow();
  return {
    purgedBeforeMs: purgedBefore === null ? undefined : toEpochMs(`${purgedBefore}Z`),
    hasModels: Boolean(hasModels),
    hasUnadopted: Boolean(hasUnadopted),
  };
}

/** The part of a span that can have executions: unbounded ends are replaced by the first or last execution. */
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
