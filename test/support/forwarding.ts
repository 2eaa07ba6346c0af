import { expect } from "bun:test";
import { join } from "node:path";
import { MODEL_COLUMNS } from "../../src/ledger/schema";
import { createTelemetryStore } from "../../src/ledger/store";
import type { Labels, ModelUsage, TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { commandLine } from "./dist";
import { read } from "./ledger";
import { queryOnce } from "./postgres-server";
import { recordingLogger } from "./recording-logger";
import { runScript, startScript } from "./run-script";
import { SUM_COLUMNS, usageParts } from "./usage-parts";

const MODELS = ["claude-sonnet-4-5", "claude-haiku-4-5", "gpt-5.1"];
const TRANSACTION_ROWS = 5_000;

/** Records executions `<prefix>-1`, `<prefix>-2`, … into a ledger, which is created if missing. */
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
      } as Partial<TelemetryRecord>);
    });
    store.recordMany(records);
  }
  store.close();
}

/** Makes neighbours differ, sums cover more than a few rows, and some executions use several models. */
function variety(number: number): Partial<TelemetryRecord> {
  return {
    repo: `octo-org/repository-${number % 7}`,
    conclusion: number % 11 === 0 ? "failure" : "success",
    completedAt: Date.UTC(2026, 0, 1) + number * 60_000,
    prNumber: number % 2 === 0 ? null : number,
    durationMs: number,
    numTurns: number % 9,
    sessionId: number % 2 === 0 ? null : `{"session", \\${number}}`,
    labels: labelsOf(number),
    ...(number % 6 === 0 ? { models: modelsOf(number) } : oneModel(number)),
  };
}

function labelsOf(number: number): Labels | null {
  if (number % 3 === 0) return null;
  return { team: `team ${number % 4}`, prompt_version: `"v${number % 2}" \\ é` };
}

function oneModel(number: number): Partial<TelemetryRecord> {
  return {
    model: MODELS[number % MODELS.length] ?? "",
    inputTokens: number % 5 === 0 ? null : number,
    outputTokens: number % 5 === 0 ? null : 3_000_000_000,
    cacheReadTokens: null,
    cacheCreationTokens: null,
    // Fractions that add up exactly in any order.
    costUsd: number % 4 === 0 ? null : number / 64,
    costSource: number % 3 === 0 ? "estimated" : "reported",
  };
}

function modelsOf(number: number): readonly ModelUsage[] {
  return [
    { model: MODELS[0] ?? "", inputTokens: number, costUsd: number / 64 },
    {
      model: "claude-haiku-4-5",
      outputTokens: 3_000_000_000,
      costUsd: number / 128,
      costSource: "estimated",
    },
    ...(number % 4 === 0 ? [{ model: 'gpt-5 "mini"' }] : []),
  ];
}

/** Runs `runledger forward` in a process of its own, to its end. */
export function runForward(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runScript(MAIN, ["forward", ...args], env);
}

/** Like {@link runForward}, but returns the running process. */
export function startForward(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return startScript(MAIN, ["forward", ...args], env);
}

const MAIN = commandLine();

/** The ids of the executions in a PostgreSQL ledger, sorted as text. */
export async function forwardedIds(url: string): Promise<string[]> {
  const rows = await queryOnce<{ execution_id: string }>(url, "SELECT execution_id FROM executions");
  return rows.map(({ execution_id }) => execution_id).sort();
}

const KEYS = "day, repo, event_type, provider, model, conclusion";
const SUMMED = SUM_COLUMNS.map((sum) => `coalesce(sum(${sum}), 0)::text AS ${sum}`).join(", ");
const PARTS = usageParts(["ledger_id", "execution_id", "created_at"], ["ledger_id"]);
const GROUPED = `GROUP BY ledger_id, ${KEYS} ORDER BY ledger_id, ${KEYS}`;
const FROM_SUMS = `SELECT ledger_id, ${KEYS}, ${SUMMED} FROM usage_daily ${GROUPED}`;
const FROM_ROWS = `SELECT ledger_id, ${KEYS}, ${SUMMED}
  FROM (SELECT *, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') COLLATE "C" AS day FROM (${PARTS}) AS parts) AS dated
  ${GROUPED}`;

const LABELLED = "ledger_id, label, day, value";
const HAS_FAILED = "conclusion NOT IN ('success', 'neutral', 'skipped')";
const LABEL_SUMMED = SUM_COLUMNS.filter((sum) => !sum.startsWith("used_"))
  .map((sum) => `coalesce(sum(${sum}), 0)::text AS ${sum}`)
  .join(", ");
const LABEL_FAILURES = (executions: string, costUsd: string) =>
  `coalesce(sum(${executions}), 0)::text AS failures, coalesce(sum(${costUsd}), 0)::text AS failed_cost_usd`;
const FROM_LABEL_SUMS = `SELECT ${LABELLED}, ${LABEL_SUMMED}, ${LABEL_FAILURES("failures", "failed_cost_usd")}
  FROM usage_daily_labels GROUP BY ${LABELLED} ORDER BY ${LABELLED}`;
const FROM_LABELS = `SELECT ${LABELLED}, ${LABEL_SUMMED}, ${LABEL_FAILURES(
  `CASE WHEN ${HAS_FAILED} THEN executions ELSE 0 END`,
  `CASE WHEN ${HAS_FAILED} THEN cost_usd ELSE 0 END`,
)}
  FROM (
    SELECT parts.*, each.key COLLATE "C" AS label, each.value COLLATE "C" AS value,
      to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') COLLATE "C" AS day
    FROM (${usageParts(["ledger_id", "execution_id", "created_at"], ["ledger_id", "labels"])}) AS parts,
      jsonb_each_text(parts.labels) AS each
  ) AS dated GROUP BY ${LABELLED} ORDER BY ${LABELLED}`;

/** Expects the target's sums to be exactly those of its executions. */
export async function expectExactSums(url: string): Promise<void> {
  expect(await queryOnce(url, FROM_SUMS)).toEqual(await queryOnce(url, FROM_ROWS));
  expect(await queryOnce(url, FROM_LABEL_SUMS)).toEqual(await queryOnce(url, FROM_LABELS));
}

/** Expects the target to have each of the ledgers' executions once, nothing else, and exact sums. */
export async function expectForwarded(url: string, dbPaths: readonly string[]): Promise<void> {
  const ids = dbPaths.flatMap((dbPath) =>
    read<{ execution_id: string }>(dbPath, "SELECT execution_id FROM executions").map(
      (row) => row.execution_id,
    ),
  );
  expect(await forwardedIds(url)).toEqual([...new Set(ids)].sort());
  await expectExactSums(url);
  const models = dbPaths.flatMap((dbPath) => read<ModelRow>(dbPath, MODELS_IN_ORDER));
  const forwarded = await queryOnce<ModelRow>(url, MODELS_IN_ORDER);
  expect(new Set(forwarded.map(comparable))).toEqual(new Set(models.map(comparable)));
  expect(forwarded).toHaveLength(new Set(models.map(comparable)).size);
}

type ModelRow = Readonly<Record<string, unknown>> & { readonly execution_id: string };
const MODELS_IN_ORDER = `SELECT ${MODEL_COLUMNS.join(", ")} FROM execution_models`;

/** The same whether 64-bit integers are text or numbers. */
function comparable(model: ModelRow): string {
  return JSON.stringify(MODEL_COLUMNS.map((column) => `${model[column]}`));
}

/** The path of a ledger in a folder. */
export function ledgerIn(folder: string, name = "telemetry"): string {
  return join(folder, `${name}.db`);
}
