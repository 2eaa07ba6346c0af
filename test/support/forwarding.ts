import { expect } from "bun:test";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { commandLine } from "./dist";
import { read } from "./ledger";
import { queryOnce } from "./postgres-server";
import { recordingLogger } from "./recording-logger";
import { runScript, startScript } from "./run-script";

const MODELS = ["claude-sonnet-4-5", "claude-haiku-4-5", "gpt-5.1"];
const TRANSACTION_ROWS = 5_000;

/** Records executions `<prefix>-1`, `<prefix>-2`, … into a ledger, which is made when it is missing. */
export function fillLedger(
  dbPath: string,
  prefix: string,
  count: number,
  overrides: (number: number) => Partial<TelemetryRecord> = () => ({}),
): void {
  const store = createTelemetryStore({ dbPath, logger: recordingLogger() });
  for (let first = 1; first <= count; first += TRANSACTION_ROWS) {
    const length = Math.min(TRANSACTION_ROWS, count - first + 1);
    const records = Array.from({ length }, (_, index) => {
      const number = first + index;
      return executionCompleted({
        ...variety(number),
        executionId: `${prefix}-${number}`,
        ...overrides(number),
      });
    });
    store.recordMany(records);
  }
  store.close();
}

/** No two neighbours are alike, and sums are over more than a few rows. */
function variety(number: number): Partial<TelemetryRecord> {
  return {
    repo: `octo-org/repository-${number % 7}`,
    model: MODELS[number % MODELS.length] ?? "",
    conclusion: number % 11 === 0 ? "failure" : "success",
    completedAt: Date.UTC(2026, 0, 1) + number * 60_000,
    inputTokens: number % 5 === 0 ? null : number,
    outputTokens: number % 5 === 0 ? null : 3_000_000_000,
    cacheReadTokens: null,
    cacheCreationTokens: null,
    // Fractions that a sum holds exactly, whatever the order.
    costUsd: number % 4 === 0 ? null : number / 64,
    costSource: number % 3 === 0 ? "estimated" : "reported",
    prNumber: number % 2 === 0 ? null : number,
    durationMs: number,
    numTurns: number % 9,
    sessionId: number % 2 === 0 ? null : `{"session", \\${number}}`,
  };
}

/** Runs `runledger forward` in a process of its own, to its end. */
export function runForward(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runScript(MAIN, ["forward", ...args], env);
}

/** As {@link runForward}, but gives the running process. */
export function startForward(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return startScript(MAIN, ["forward", ...args], env);
}

const MAIN = commandLine();

/** Identities of the executions in a PostgreSQL ledger, in the order of their texts. */
export async function forwardedIds(url: string): Promise<string[]> {
  const rows = await queryOnce<{ execution_id: string }>(url, "SELECT execution_id FROM executions");
  return rows.map(({ execution_id }) => execution_id).sort();
}

const KEYS = "day, repo, event_type, provider, model, conclusion";
const SUMS = `sum(input_tokens)::text AS input_tokens, sum(output_tokens)::text AS output_tokens,
  sum(cache_read_tokens)::text AS cache_read_tokens, sum(cache_creation_tokens)::text AS cache_creation_tokens,
  sum(duration_ms)::text AS duration_ms, coalesce(sum(num_turns), 0)::text AS num_turns, sum(cost_usd)::text AS cost_usd`;
const FROM_SUMS = `SELECT ledger_id, ${KEYS}, sum(executions)::text AS executions, ${SUMS},
    sum(without_usage)::text AS without_usage, sum(without_cost)::text AS without_cost,
    sum(without_duration)::text AS without_duration, sum(without_turns)::text AS without_turns,
    sum(estimated_cost_usd)::text AS estimated_cost_usd
  FROM usage_daily GROUP BY ledger_id, ${KEYS} ORDER BY ledger_id, ${KEYS}`;
const FROM_ROWS = `SELECT ledger_id, ${KEYS}, count(*)::text AS executions, ${SUMS},
    (count(*) FILTER (WHERE usage_source = 'unknown'))::text AS without_usage,
    (count(*) FILTER (WHERE cost_source = 'unknown'))::text AS without_cost,
    (count(*) FILTER (WHERE duration_ms = 0))::text AS without_duration,
    (count(*) FILTER (WHERE num_turns IS NULL))::text AS without_turns,
    coalesce(sum(cost_usd) FILTER (WHERE cost_source = 'estimated'), 0)::text AS estimated_cost_usd
  FROM (SELECT *, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') COLLATE "C" AS day FROM executions) AS dated
  GROUP BY ledger_id, ${KEYS} ORDER BY ledger_id, ${KEYS}`;

/** The target's sums are those of its executions, neither more nor less. */
export async function expectExactSums(url: string): Promise<void> {
  expect(await queryOnce(url, FROM_SUMS)).toEqual(await queryOnce(url, FROM_ROWS));
}

/** The ledgers' executions, each once, with exact sums, are all that is on the target. */
export async function expectForwarded(url: string, dbPaths: readonly string[]): Promise<void> {
  const ids = dbPaths.flatMap((dbPath) =>
    read<{ execution_id: string }>(dbPath, "SELECT execution_id FROM executions").map(
      (row) => row.execution_id,
    ),
  );
  expect(await forwardedIds(url)).toEqual([...new Set(ids)].sort());
  await expectExactSums(url);
}

/** The path of a ledger in a folder. */
export function ledgerIn(folder: string, name = "telemetry"): string {
  return join(folder, `${name}.db`);
}
