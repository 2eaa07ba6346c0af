import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { type Condition, completedIn, isBeyond, type Place, type Span } from "./conditions";
import { PERCENTILE_SAMPLE } from "./types";
import { type NameKey, namesOf } from "./usage-queries";

/** How long an execution took, and which groups it belongs to. */
export interface DurationRow extends Place, Partial<Record<NameKey, string>> {
  readonly durationMs: number;
}

/** Reads durations, those of the latest executions first, in pages of {@link PERCENTILE_SAMPLE}. */
export async function* readDurations(
  db: Kysely<LedgerSchema>,
  span: Span,
  hasNames: Condition,
  names: readonly NameKey[],
): AsyncGenerator<readonly DurationRow[]> {
  const latest = db
    .selectFrom("executions")
    .select(["id", "created_at as createdAt", "duration_ms as durationMs"])
    .select(namesOf(names))
    .where(completedIn(span))
    .where(hasNames)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(PERCENTILE_SAMPLE)
    .$castTo<DurationRow>();
  let page = await latest.execute();
  yield page;
  for (let last = page.at(-1); last !== undefined && page.length === PERCENTILE_SAMPLE; last = page.at(-1)) {
    page = await latest.where(isBeyond(last, "desc")).execute();
    yield page;
  }
}
