import type { Kysely } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { completedIn, type NameConditions, type Span } from "./conditions";

/** Executions that are dated after today. */
export interface LaterExecutions {
  readonly count: number;
  /** When the last of them completed, as it is stored. */
  readonly last: string;
  /** Whether the report includes them. */
  readonly areCounted: boolean;
}

/**
 * Counts executions dated after today: those in the span or, if the span ends with today, those after it.
 *
 * @param endOfTodayMs In epoch milliseconds.
 * @returns `undefined` if there are none, or if the span ends earlier.
 */
export async function readLater(
  db: Kysely<LedgerSchema>,
  { fromMs, toMs }: Span,
  endOfTodayMs: number,
  { ofExecutions }: NameConditions,
): Promise<LaterExecutions | undefined> {
  if (toMs < endOfTodayMs) return undefined;
  const areCounted = toMs > endOfTodayMs;
  const later = {
    fromMs: Math.max(fromMs, endOfTodayMs),
    toMs: areCounted ? toMs : Number.POSITIVE_INFINITY,
  };
  const executions = db.selectFrom("executions").where(completedIn(later));
  // Usually there are none, and the index on the time tells at once.
  if ((await executions.select("created_at").limit(1).executeTakeFirst()) === undefined) return undefined;
  const { count, last } = await executions
    .select(({ fn }) => [fn.countAll<number>().as("count"), fn.max("created_at").as("last")])
    .where(ofExecutions)
    .executeTakeFirstOrThrow();
  return count > 0 ? { count, last, areCounted } : undefined;
}
