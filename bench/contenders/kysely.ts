import { Kysely } from "kysely";
import { BunSqliteDialect } from "kysely-bun-sqlite";
import type { LedgerSchema } from "../../src/ledger/schema";
import { busWith } from "./bus";
import type { StartContender } from "./contender";
import { closeEarlier, openEarlier } from "./earlier-table";

/** Kysely's `execute()` per event, on the earlier design's table. */
export const startKysely: StartContender = async (folder) => {
  const database = openEarlier(folder);
  const kysely = new Kysely<LedgerSchema>({ dialect: new BunSqliteDialect({ database }) });
  let pending: Promise<unknown>[] = [];
  let queued = 0;
  const settled = () => {
    queued -= 1;
  };
  const flush = async () => {
    const all = pending;
    pending = [];
    await Promise.all(all);
  };
  return {
    emit: busWith((event) => {
      queued += 1;
      const insert = kysely.insertInto("executions").values({
        delivery_id: event.deliveryId ?? null,
        repo: event.repo,
        pr_number: event.prNumber ?? null,
        event_type: event.eventType,
        provider: event.provider ?? "anthropic",
        model: event.model ?? "",
        input_tokens: event.inputTokens ?? 0,
        output_tokens: event.outputTokens ?? 0,
        cache_read_tokens: event.cacheReadTokens ?? 0,
        cache_creation_tokens: event.cacheCreationTokens ?? 0,
        duration_ms: event.durationMs ?? 0,
        cost_usd: event.costUsd ?? 0,
        conclusion: event.conclusion,
        session_id: event.sessionId ?? null,
        num_turns: event.numTurns ?? 0,
        stop_reason: event.stopReason ?? null,
      });
      pending.push(insert.execute().then(settled));
    }),
    queued: () => queued,
    flush,
    async close() {
      await flush();
      return closeEarlier(database);
    },
  };
};
