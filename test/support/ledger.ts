import { Database } from "bun:sqlite";

/** Reads a ledger file by a connection of its own, as another program would. */
export function read<Row = Record<string, unknown>>(dbPath: string, sql: string): Row[] {
  using database = new Database(dbPath, { readwrite: true, create: false, strict: true });
  // The end of another connection takes the lock for a moment.
  database.run("PRAGMA busy_timeout = 5000");
  using statement = database.prepare<Row, []>(sql);
  return statement.all();
}

/** The table of the earlier one-table design, and how it inserted: sixteen columns, time and id by default. */
export const EARLIER_DESIGN = `
  CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at TEXT NOT NULL DEFAULT (datetime('now')),
    delivery_id TEXT,
    repo TEXT NOT NULL,
    pr_number INTEGER,
    event_type TEXT NOT NULL,
    provider TEXT NOT NULL DEFAULT 'anthropic',
    model TEXT NOT NULL,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens INTEGER NOT NULL DEFAULT 0,
    cache_creation_tokens INTEGER NOT NULL DEFAULT 0,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    cost_usd REAL NOT NULL DEFAULT 0,
    conclusion TEXT NOT NULL,
    session_id TEXT,
    num_turns INTEGER,
    stop_reason TEXT
  );
  CREATE INDEX IF NOT EXISTS idx_executions_created_at ON executions(created_at);
  CREATE INDEX IF NOT EXISTS idx_executions_repo ON executions(repo);
`;

/** What the earlier design inserts. */
export const EARLIER_INSERT = `
  INSERT INTO executions (
    delivery_id, repo, pr_number, event_type, provider, model, input_tokens, output_tokens, cache_read_tokens,
    cache_creation_tokens, duration_ms, cost_usd, conclusion, session_id, num_turns, stop_reason
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
`;

/** The sums of `usage_daily`, computed from the rows of `executions`. */
export const USAGE_FROM_EXECUTIONS = `
  SELECT substr(created_at, 1, 10) AS day, repo, event_type, provider, model, conclusion,
    count(*) AS executions, CAST(sum(input_tokens) AS TEXT) AS input_tokens,
    CAST(sum(output_tokens) AS TEXT) AS output_tokens, CAST(sum(cache_read_tokens) AS TEXT) AS cache_read_tokens,
    CAST(sum(cache_creation_tokens) AS TEXT) AS cache_creation_tokens,
    CAST(sum(duration_ms) AS TEXT) AS duration_ms, CAST(coalesce(sum(num_turns), 0) AS TEXT) AS num_turns,
    sum(cost_usd) AS cost_usd, sum(usage_source = 'unknown') AS without_usage,
    sum(cost_source = 'unknown') AS without_cost, sum(duration_ms = 0) AS without_duration,
    sum(num_turns IS NULL) AS without_turns,
    sum(CASE WHEN cost_source = 'estimated' THEN cost_usd ELSE 0.0 END) AS estimated_cost_usd
  FROM executions GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
`;

/** `usage_daily` in the same form: 64-bit sums as text, which JavaScript's numbers would round. */
export const USAGE_DAILY = `
  SELECT day, repo, event_type, provider, model, conclusion,
    executions, CAST(input_tokens AS TEXT) AS input_tokens,
    CAST(output_tokens AS TEXT) AS output_tokens, CAST(cache_read_tokens AS TEXT) AS cache_read_tokens,
    CAST(cache_creation_tokens AS TEXT) AS cache_creation_tokens,
    CAST(duration_ms AS TEXT) AS duration_ms, CAST(num_turns AS TEXT) AS num_turns,
    cost_usd, without_usage, without_cost, without_duration, without_turns, estimated_cost_usd
  FROM usage_daily ORDER BY 1, 2, 3, 4, 5, 6
`;
