import { Database } from "bun:sqlite";
import { SUM_COLUMNS, usageParts } from "./usage-parts";

/** Reads a ledger file through a connection of its own, as another program would. */
export function read<Row = Record<string, unknown>>(dbPath: string, sql: string): Row[] {
  using database = new Database(dbPath, { readwrite: true, create: false, strict: true });
  // A closing connection takes the lock for a moment.
  database.run("PRAGMA busy_timeout = 5000");
  using statement = database.prepare<Row, []>(sql);
  return statement.all();
}

/** The table of the earlier one-table design. Inserts set sixteen columns; id and time are defaults. */
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

/** How the earlier design inserts. */
export const EARLIER_INSERT = `
  INSERT INTO executions (
    delivery_id, repo, pr_number, event_type, provider, model, input_tokens, output_tokens, cache_read_tokens,
    cache_creation_tokens, duration_ms, cost_usd, conclusion, session_id, num_turns, stop_reason
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
`;

const isLarge = (column: string) => /_tokens$|_ms$|_turns$/.test(column) && !column.startsWith("without");
const asText = (column: string, sum: string) =>
  isLarge(column) ? `CAST(${sum} AS TEXT) AS ${column}` : `${sum} AS ${column}`;

/**
 * What `usage_daily` should be, from the executions. 64-bit sums are text, because JavaScript's numbers would round.
 */
export const USAGE_FROM_EXECUTIONS = `
  SELECT substr(created_at, 1, 10) AS day, repo, event_type, provider, model, conclusion,
    ${SUM_COLUMNS.map((column) => asText(column, `sum(${column})`)).join(", ")}
  FROM (${usageParts(["execution_id"])}) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
`;

const LABEL_COLUMNS = [
  ...SUM_COLUMNS.filter((column) => !column.startsWith("used_")),
  "failures",
  "failed_cost_usd",
];
const HAS_FAILED = "conclusion NOT IN ('success', 'neutral', 'skipped')";

/** What `usage_daily_labels` should be, from the executions, without a limit on the number of values. */
export const LABELS_FROM_EXECUTIONS = `
  SELECT each.key AS label, substr(created_at, 1, 10) AS day, each.value AS value,
    ${LABEL_COLUMNS.map((column) => asText(column, `sum(${column})`)).join(", ")}
  FROM (
    SELECT *, CASE WHEN ${HAS_FAILED} THEN executions ELSE 0 END AS failures,
      CASE WHEN ${HAS_FAILED} THEN cost_usd ELSE 0.0 END AS failed_cost_usd
    FROM (${usageParts(["execution_id"], ["labels"])})
  ) AS part, json_each(part.labels) AS each GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
`;

/** `usage_daily_labels` in the same form. */
export const USAGE_DAILY_LABELS = `
  SELECT label, day, value, ${LABEL_COLUMNS.map((column) => asText(column, column)).join(", ")}
  FROM usage_daily_labels ORDER BY 1, 2, 3
`;

/** `usage_daily` in the same form. */
export const USAGE_DAILY = `
  SELECT day, repo, event_type, provider, model, conclusion,
    ${SUM_COLUMNS.map((column) => asText(column, column)).join(", ")}
  FROM usage_daily ORDER BY 1, 2, 3, 4, 5, 6
`;
