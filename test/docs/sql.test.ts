import { beforeAll, describe, expect, test } from "bun:test";
import { forwardOnce } from "../../plugins/forward";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { codeBlocks, pageOf } from "../support/docs";
import { ledgerIn } from "../support/forwarding";
import { read } from "../support/ledger";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const RECORDS: readonly TelemetryRecord[] = [
  executionCompleted({
    executionId: "known",
    completedAt: "2026-10-01T12:00:00.123Z",
    labels: { team: "core" },
  }),
  executionCompleted({
    executionId: "failed",
    completedAt: "2026-10-02T12:00:00Z",
    conclusion: "error",
    costUsd: 1,
    labels: { team: "core", prompt_version: "v2" },
  }),
  {
    executionId: "bare",
    repo: "o/r",
    eventType: "push",
    model: "m",
    conclusion: "success",
    completedAt: "2026-10-03T00:00:00Z",
  },
  executionCompleted({
    executionId: "partly",
    completedAt: "2026-11-01T00:00:00Z",
    models: [{ model: "a", costUsd: 2 }, { model: "b" }],
  }),
];

const queries = codeBlocks(pageOf("docs/sql.md"), "sql");
const server = usePostgres();
const dbPath = ledgerIn(tempDir());
let url: string;

beforeAll(async () => {
  {
    using store = createTelemetryStore({ dbPath });
    store.recordMany(RECORDS);
  }
  url = server.url(await server.createDatabase());
  await forwardOnce({ from: dbPath, to: url, logger: recordingLogger() });
});

test("there are twelve queries", () => {
  expect(queries).toHaveLength(12);
});

/** Numbers as numbers: PostgreSQL has sums of integers as text. */
const plain = (rows: readonly Record<string, unknown>[]) =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([column, value]) => [
        column,
        value !== null && `${value}`.match(/^\d+(\.\d+)?$/) ? Number(value).toPrecision(9) : value,
      ]),
    ),
  );

describe.each(queries)("the query", (sql) => {
  test("has an answer, the same on both databases", async () => {
    const rows = read(dbPath, sql);
    expect(rows.length).toBeGreaterThan(0);
    const ofServer = await queryOnce<Record<string, unknown>>(url, sql);
    const inOrder = (some: readonly Record<string, unknown>[]) =>
      plain(some)
        .map((row) => JSON.stringify(row))
        .sort();
    expect(inOrder(ofServer)).toEqual(inOrder(rows));
  });
});

test("the view has NULL for what is unknown, and what is known of a cost in parts", async () => {
  const sql =
    "SELECT execution_id, completed_at, failed, cost_usd, input_tokens, duration_ms, num_turns FROM executions_view ORDER BY id";
  const expected = [
    {
      execution_id: "known",
      completed_at: "2026-10-01T12:00:00.123Z",
      failed: 0,
      cost_usd: 0.0412,
      num_turns: 3,
    },
    { execution_id: "failed", completed_at: "2026-10-02T12:00:00.000Z", failed: 1, cost_usd: 1 },
    {
      execution_id: "bare",
      failed: 0,
      cost_usd: null,
      input_tokens: null,
      duration_ms: null,
      num_turns: null,
    },
    { execution_id: "partly", failed: 0, cost_usd: 2, input_tokens: null, duration_ms: 8_450 },
  ];
  expect(read(dbPath, sql)).toMatchObject(expected);
  const ofServer = await queryOnce<Record<string, unknown>>(url, sql);
  expect(ofServer.map(({ completed_at }) => completed_at)).toEqual(
    read(dbPath, sql).map((row) => row["completed_at"]),
  );
});
