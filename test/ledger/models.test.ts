import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { daysWithWrongSums } from "../../src/doctor/sums";
import { Connection } from "../../src/ledger/connection";
import { salvage } from "../../src/ledger/salvage";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { openLedger } from "../../src/report/database/open-ledger";
import { recordOf } from "../../src/report/execution-record";
import { executionsOf } from "../../src/report/executions";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { read, USAGE_DAILY, USAGE_FROM_EXECUTIONS } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
const DAY_1 = "2026-01-01T12:00:00Z";
const DAY_2 = "2026-01-02T12:00:00Z";

/** An execution of two models, of which the other one is estimated. */
function ofTwo(executionId: string, overrides: Partial<TelemetryRecord> = {}): TelemetryRecord {
  const models = [
    { model: "opus", inputTokens: 10, costUsd: 0.5 },
    { model: "haiku", inputTokens: 900, costUsd: 0.25, costSource: "estimated" },
  ] as const;
  return executionCompleted({
    executionId,
    completedAt: DAY_1,
    models,
    ...overrides,
  } as Partial<TelemetryRecord>);
}

function newLedger(name: string, records: readonly TelemetryRecord[]): string {
  const dbPath = join(dir, `${name}.db`);
  using store = createTelemetryStore({ dbPath });
  store.recordMany(records);
  return dbPath;
}

const MODELS = "SELECT execution_id, model, cost_usd FROM execution_models ORDER BY execution_id, model";

test("tokens and cost stand under their own model, the execution under its main one, recorded twice only once", () => {
  const dbPath = newLedger("own", [
    ofTwo("a"),
    ofTwo("a"),
    executionCompleted({ completedAt: DAY_1, model: "haiku" }),
  ]);
  const sums =
    "SELECT model, executions, used_in, input_tokens, cost_usd, estimated_cost_usd, duration_ms FROM usage_daily";
  expect(read(dbPath, `${sums} ORDER BY model`)).toEqual([
    {
      model: "haiku",
      executions: 1,
      used_in: 2,
      input_tokens: 2_100,
      cost_usd: 0.2912,
      estimated_cost_usd: 0.25,
      duration_ms: 8_450,
    },
    {
      model: "opus",
      executions: 1,
      used_in: 1,
      input_tokens: 10,
      cost_usd: 0.5,
      estimated_cost_usd: 0,
      duration_ms: 8_450,
    },
  ]);
  expect(read(dbPath, MODELS)).toEqual([
    { execution_id: "a", model: "haiku", cost_usd: 0.25 },
    { execution_id: "a", model: "opus", cost_usd: 0.5 },
  ]);
});

test("a purge takes the models with their executions; their sums stay", async () => {
  const dbPath = newLedger("purged", [
    ofTwo("old", { completedAt: "2020-01-01T00:00:00Z" }),
    ofTwo("young", { completedAt: new Date() }),
  ]);
  {
    using store = createTelemetryStore({ dbPath });
    expect(store.purgeOlderThan(90)).toBe(1);
  }
  expect(read(dbPath, MODELS)).toMatchObject([{ execution_id: "young" }, { execution_id: "young" }]);
  await using ledger = await openLedger(dbPath);
  const { totals, groups } = await usageReport(ledger, { by: ["model"] });
  expect(totals).toMatchObject({ executions: 2, inputTokens: 1_820, costUsd: 1.5, estimatedCostUsd: 0.5 });
  expect(groups).toMatchObject([
    { model: "opus", executions: 2, usedIn: 2, costUsd: 1, costPerExecutionUsd: 0.5 },
    { model: "haiku", executions: 0, usedIn: 2, costUsd: 0.5, costPerExecutionUsd: 0.25, failureRate: null },
  ]);
});

test("what another program deleted by hand and is recorded again has the new models alone", () => {
  const dbPath = newLedger("again", [ofTwo("a")]);
  read(dbPath, "DELETE FROM executions");
  using store = createTelemetryStore({ dbPath });
  const models = [
    { model: "opus", costUsd: 1 },
    { model: "sonnet", costUsd: 2 },
  ];
  store.record(ofTwo("a", { models }));
  expect(read(dbPath, MODELS)).toEqual([
    { execution_id: "a", model: "opus", cost_usd: 1 },
    { execution_id: "a", model: "sonnet", cost_usd: 2 },
  ]);
});

test("sums that were lost are rebuilt from the models; doctor finds one that is wrong", async () => {
  const dbPath = newLedger("rebuilt", [ofTwo("a"), ofTwo("b", { completedAt: DAY_2 })]);
  read(dbPath, "DROP TABLE usage_daily");
  createTelemetryStore({ dbPath }).close();
  expect(read(dbPath, USAGE_DAILY)).toEqual(read(dbPath, USAGE_FROM_EXECUTIONS));
  expect(read(dbPath, USAGE_DAILY)).toHaveLength(4);
  read(dbPath, "UPDATE execution_models SET cost_usd = 7 WHERE execution_id = 'b' AND model = 'haiku'");
  await using ledger = await openLedger(dbPath);
  expect(await daysWithWrongSums(ledger)).toEqual({ checked: 2, wrong: ["2026-01-02"] });
});

test("read one by one, and recorded elsewhere, they are the same", async () => {
  const { costUsd, ...unknown } = { model: "haiku", outputTokens: 3, costUsd: 1 };
  const partly = ofTwo("c", { models: [{ model: "opus", costUsd: 0.1, provider: "aws" }, unknown] });
  const lacking = ofTwo("d", {
    models: [{ model: "opus", outputTokens: 1 }, { model: "haiku" }],
    costUsd: 3,
  });
  const dbPath = newLedger("read", [
    ofTwo("a"),
    executionCompleted({ executionId: "b", completedAt: DAY_2 }),
    partly,
    lacking,
  ]);
  await using ledger = await openLedger(dbPath);
  const rows = (await Array.fromAsync(executionsOf(ledger, {}, { order: "oldest" }))).flat();
  expect(rows.map(({ models }) => models?.map(({ model, cost_usd }) => [model, cost_usd]))).toEqual([
    [
      ["opus", 0.5],
      ["haiku", 0.25],
    ],
    [
      ["opus", 0.1],
      ["haiku", null],
    ],
    [
      ["opus", 3],
      ["haiku", null],
    ],
    undefined,
  ]);
  const copy = newLedger(
    "copy",
    rows.map((row) => recordOf(row) as TelemetryRecord),
  );
  for (const sql of [USAGE_DAILY, "SELECT * FROM execution_models"])
    expect(read(copy, sql)).toEqual(read(dbPath, sql));
  const all = "SELECT * FROM executions ORDER BY execution_id";
  const withoutId = (path: string) => read(path, all).map(({ id, ...row }) => row);
  expect(withoutId(copy)).toEqual(withoutId(dbPath));
});

test("what is salvaged from an overwritten ledger has its models", () => {
  const dbPath = newLedger("salvaged", [ofTwo("a"), ofTwo("b")]);
  const connection = new Connection(dbPath);
  try {
    const saved = salvage(connection, dbPath, 1);
    expect(saved?.executions).toBe(1);
    expect(read(saved?.copy ?? "", MODELS)).toMatchObject([{ execution_id: "b" }, { execution_id: "b" }]);
    expect(read(saved?.copy ?? "", USAGE_DAILY)).toEqual(read(saved?.copy ?? "", USAGE_FROM_EXECUTIONS));
  } finally {
    connection.close();
    rmSync(dbPath);
  }
});
