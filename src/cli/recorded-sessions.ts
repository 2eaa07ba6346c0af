import { existsSync } from "node:fs";
import { openLedger } from "../report/database/open-ledger";

const PAGE_ROWS = 10_000;

/**
 * Finds the sessions of which a ledger has executions that don't come from their transcripts; none without a ledger. A
 * hash of each such session is kept.
 *
 * @param idPrefix The prefix of the ids of executions that do come from transcripts.
 */
export async function recordedSessions(
  dbPath: string,
  idPrefix: string,
): Promise<(sessionId: string) => boolean> {
  const hashes = new Set<number>();
  if (!existsSync(dbPath)) return () => false;
  await using ledger = await openLedger(dbPath);
  for (let last = 0, isMore = true; isMore; ) {
    const rows = await ledger.db
      .selectFrom("executions")
      .select(["id", "session_id", "execution_id"])
      .where("id", ">", last)
      .orderBy("id")
      .limit(PAGE_ROWS)
      .execute();
    for (const { session_id, execution_id } of rows) {
      if (session_id !== null && execution_id?.startsWith(idPrefix) !== true) hashes.add(hashOf(session_id));
    }
    isMore = rows.length === PAGE_ROWS;
    last = rows.at(-1)?.id ?? last;
  }
  return (sessionId) => hashes.has(hashOf(sessionId));
}

function hashOf(text: string): number {
  return Number(Bun.hash.xxHash64(text) >> 11n);
}
