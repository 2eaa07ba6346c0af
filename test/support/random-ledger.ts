import { Database } from "bun:sqlite";
import fc from "fast-check";
import { toExecutionRow } from "../../src/ledger/row";
import { EARLIER_EXECUTION_COLUMNS, type ExecutionRow } from "../../src/ledger/schema";
import { createTelemetryStore } from "../../src/ledger/store";
import { DAY_MS } from "../../src/record/time";
import type { ModelUsage, TelemetryRecord } from "../../src/record/types";
import { EARLIER_DESIGN, read } from "./ledger";
import type { Recorded } from "./plain-scan";

/** In the forty days before, clocks go forward in America and Europe, and back by half an hour on Lord Howe Island. */
export const NOW = Date.parse("2026-04-06T12:34:56.789Z");
const DAYS = 40;
const HOUR_MS = DAY_MS / 24;

export const REPOS = [
  "octo-org/octo-repo",
  "octo-org/octo_repo",
  "Octo-Org/octo-repo",
  "octo-org",
  "a%b",
  "a[bc]",
  "ab",
  "a\\b",
  "ünï/çødé",
  "😀/é",
  'it\'s "x"',
  "*/?",
] as const;
export const MODELS = ["claude-sonnet-4-5", "openai/gpt-5.1[high]"] as const;
export const PROVIDERS = ["anthropic", "openai"] as const;
export const EVENT_TYPES = ["push", "pull_request.opened"] as const;
export const TEAMS = ["core", "Core", "infra/ünï 😀", "a[b]*?", "(none)", "(other)"] as const;
export const CONCLUSIONS = ["success", "neutral", "skipped", "failure", "Success", "max turns"] as const;

/** Many are exactly at the start of an hour or a day in some zone, or next to it. */
export const time: fc.Arbitrary<number> = fc.oneof(
  fc
    .tuple(fc.nat(DAYS * 48), fc.constantFrom(-1, 0, 1, 999, 1000, HOUR_MS / 4))
    .map(([halfHours, beside]) => Date.parse("2026-04-06") - halfHours * (HOUR_MS / 2) + beside),
  fc.nat(DAYS).map((days) => Date.parse("2026-04-06") - days * DAY_MS),
  fc.integer({ min: NOW - DAYS * DAY_MS, max: NOW }),
);

const count = fc.oneof(fc.nat(1_000_000), fc.constantFrom(0, 2 ** 31, 218_847_967));

const amounts = {
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheCreationTokens: count,
  // Fractions that add up exactly in any order, because differences between sums are compared too.
  costUsd: fc.nat(6_400).map((parts) => parts / 64),
  costSource: fc.constantFrom("reported", "estimated"),
} as const;

const record: fc.Arbitrary<TelemetryRecord> = fc.record(
  {
    repo: fc.constantFrom(...REPOS),
    eventType: fc.constantFrom(...EVENT_TYPES),
    model: fc.constantFrom(...MODELS),
    conclusion: fc.constantFrom(...CONCLUSIONS),
    completedAt: time,
    provider: fc.constantFrom(...PROVIDERS),
    ...amounts,
    durationMs: fc.nat(300_000),
    numTurns: fc.nat(50),
    prNumber: fc.constantFrom(1, 2),
    sessionId: fc.constantFrom("", "s", "(none)"),
    labels: fc.record(
      { team: fc.constantFrom(...TEAMS), user: fc.constantFrom("ann", "bob") },
      { requiredKeys: [], noNullPrototype: true },
    ),
  },
  { requiredKeys: ["repo", "eventType", "model", "conclusion", "completedAt"] },
);

const modelUsage: fc.Arbitrary<ModelUsage> = fc.record(
  {
    model: fc.constantFrom(...MODELS, "claude-haiku-4-5"),
    provider: fc.constantFrom(...PROVIDERS),
    ...amounts,
  },
  { requiredKeys: ["model"] },
);

/** An execution that used one model, or several with the usage of each. */
export const anyExecution: fc.Arbitrary<TelemetryRecord> = fc.oneof(
  { weight: 2, arbitrary: record },
  {
    weight: 1,
    arbitrary: fc
      .tuple(record, fc.array(modelUsage, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([entry, models, isMainKnown]): TelemetryRecord => {
        const { model, inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens, costUsd, ...rest } =
          entry;
        return isMainKnown && model != null ? { ...rest, model, models } : { ...rest, models };
      }),
  },
);

/** One thing that happens to a ledger. */
export type Step =
  | { readonly records: readonly TelemetryRecord[] }
  /** Inserted by a program of the earlier design. */
  | { readonly inserts: readonly TelemetryRecord[] }
  | { readonly purgeOlderThan: number };

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ records: fc.array(anyExecution, { maxLength: 20 }) }) },
    { weight: 2, arbitrary: fc.record({ inserts: fc.array(record, { maxLength: 6 }) }) },
    { weight: 1, arbitrary: fc.record({ purgeOlderThan: fc.double({ min: 0, max: DAYS, noNaN: true }) }) },
  ),
  { maxLength: 8 },
);

/** Only steps that a program of the earlier design takes. */
export const insertSteps: fc.Arbitrary<readonly Step[]> = fc
  .array(record, { maxLength: 40 })
  .map((inserts) => [{ inserts }]);

/** Makes a ledger, or a database of the earlier design, whose steps must be inserts; returns everything recorded. */
export function makeLedger(dbPath: string, steps: readonly Step[], design: "ours" | "earlier"): Recorded[] {
  if (design === "earlier") {
    using database = new Database(dbPath);
    database.run(EARLIER_DESIGN);
  } else createTelemetryStore({ dbPath }).close();
  const rows: ExecutionRow[] = [];
  for (const step of steps) {
    if ("records" in step) rows.push(...recordAll(dbPath, step.records, rows.length));
    else if ("inserts" in step) rows.push(...insertAll(dbPath, step.inserts, rows.length));
    else {
      using store = createTelemetryStore({ dbPath });
      store.purgeOlderThan(step.purgeOlderThan);
    }
  }
  const left = new Set(read(dbPath, "SELECT delivery_id FROM executions").map((row) => row["delivery_id"]));
  return rows.map((row) => ({ row, isPurged: !left.has(row.delivery_id) }));
}

/** Records through the store, which refuses records from before a purge. */
function recordAll(dbPath: string, records: readonly TelemetryRecord[], firstId: number): ExecutionRow[] {
  const [purged] = read(dbPath, "SELECT value FROM ledger WHERE key = 'purged_before'");
  const accepted = records
    .filter((entry) => toExecutionRow(entry).created_at >= `${purged?.["value"] ?? ""}`)
    .map((entry, index) => ({ ...entry, deliveryId: `${firstId + index}` }));
  using store = createTelemetryStore({ dbPath });
  store.recordMany(accepted);
  return accepted.map((entry) => ({ ...toExecutionRow(entry), id: 0 }));
}

/** Inserts as the earlier design does: with whole seconds, and without marking what is unknown. */
function insertAll(dbPath: string, records: readonly TelemetryRecord[], firstId: number): ExecutionRow[] {
  const rows = records.map((entry, index): ExecutionRow => {
    const row = toExecutionRow({ ...entry, deliveryId: `${firstId + index}` });
    const tokens = row.input_tokens + row.output_tokens + row.cache_read_tokens + row.cache_creation_tokens;
    return {
      ...row,
      id: 0,
      created_at: row.created_at.slice(0, 19),
      labels: null,
      usage_source: tokens > 0 ? "reported" : "unknown",
      cost_source: row.cost_usd > 0 ? "reported" : "unknown",
    };
  });
  using database = new Database(dbPath);
  using insert = database.prepare(
    `INSERT INTO executions (${EARLIER_EXECUTION_COLUMNS.join(", ")}) VALUES (${EARLIER_EXECUTION_COLUMNS.map(() => "?").join(", ")})`,
  );
  for (const row of rows) insert.run(...EARLIER_EXECUTION_COLUMNS.map((column) => row[column]));
  return rows;
}
