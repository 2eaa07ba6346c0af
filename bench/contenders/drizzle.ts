import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { busWith } from "./bus";
import type { StartContender } from "./contender";
import { closeEarlier, openEarlier } from "./earlier-table";

const executions = sqliteTable("executions", {
  id: integer().primaryKey({ autoIncrement: true }),
  createdAt: text("created_at").notNull().default(sql`(datetime('now'))`),
  deliveryId: text("delivery_id"),
  repo: text().notNull(),
  prNumber: integer("pr_number"),
  eventType: text("event_type").notNull(),
  provider: text().notNull(),
  model: text().notNull(),
  inputTokens: integer("input_tokens").notNull(),
  outputTokens: integer("output_tokens").notNull(),
  cacheReadTokens: integer("cache_read_tokens").notNull(),
  cacheCreationTokens: integer("cache_creation_tokens").notNull(),
  durationMs: integer("duration_ms").notNull(),
  costUsd: real("cost_usd").notNull(),
  conclusion: text().notNull(),
  sessionId: text("session_id"),
  numTurns: integer("num_turns"),
  stopReason: text("stop_reason"),
});

/** One prepared Drizzle insert per event, on the earlier design's table. */
export const startDrizzle: StartContender = async (folder) => {
  const database = openEarlier(folder);
  const insert = drizzle({ client: database })
    .insert(executions)
    .values({
      deliveryId: sql.placeholder("deliveryId"),
      repo: sql.placeholder("repo"),
      prNumber: sql.placeholder("prNumber"),
      eventType: sql.placeholder("eventType"),
      provider: sql.placeholder("provider"),
      model: sql.placeholder("model"),
      inputTokens: sql.placeholder("inputTokens"),
      outputTokens: sql.placeholder("outputTokens"),
      cacheReadTokens: sql.placeholder("cacheReadTokens"),
      cacheCreationTokens: sql.placeholder("cacheCreationTokens"),
      durationMs: sql.placeholder("durationMs"),
      costUsd: sql.placeholder("costUsd"),
      conclusion: sql.placeholder("conclusion"),
      sessionId: sql.placeholder("sessionId"),
      numTurns: sql.placeholder("numTurns"),
      stopReason: sql.placeholder("stopReason"),
    })
    .prepare();
  return {
    emit: busWith((event) => {
      insert.run({ ...event });
    }),
    queued: () => 0,
    flush: async () => {},
    close: async () => closeEarlier(database),
  };
};
