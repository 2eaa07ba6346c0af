import { expect, test } from "bun:test";
import { join } from "node:path";
import { forwardOnce } from "../../src/forward/forward-ledger";
import { createTelemetryStore } from "../../src/ledger/store";
import { openLedger } from "../../src/report/database/open-ledger";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { codeBlocks, pageOf } from "../support/docs";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { tempDir } from "../support/temp-dir";

const postgres = usePostgres();

const [partition = "", dropMonth = "", widerKey = ""] = codeBlocks(pageOf("docs/scaling.md"), "sql");

test("the partitions of docs/scaling.md take what is forwarded exactly once, and a month that is dropped stays in the sums", async () => {
  const dbPath = join(tempDir(), "ledger.db");
  const url = postgres.url(await postgres.createDatabase());
  using store = createTelemetryStore({ dbPath });
  const record = (executionId: string, completedAt: string) =>
    store.record(executionCompleted({ executionId, completedAt, costUsd: 1 }));
  const forward = async () => (await forwardOnce({ from: dbPath, to: url })).forwarded;
  const idsIn = async (table: string) =>
    (await queryOnce(url, `SELECT execution_id AS id FROM ${table} ORDER BY id`)).map(({ id }) => id);

  record("november", "2026-11-15T00:00:00Z");
  record("before", "2026-01-15T00:00:00Z");
  expect(await forward()).toBe(2);
  await queryOnce(url, partition);
  record("december", "2026-12-15T00:00:00Z");
  expect(await forward()).toBe(1);
  await queryOnce(url, "UPDATE forward_sources SET last_id = 0, last_execution_id = NULL");
  expect(await forward()).toBe(0);
  expect(await idsIn("executions_2026_11")).toEqual(["november"]);
  expect(await idsIn("executions_2026_12")).toEqual(["december"]);
  expect(await idsIn("executions_other")).toEqual(["before"]);
  expect(await queryOnce(url, "SELECT count(DISTINCT id)::int AS n FROM executions")).toEqual([{ n: 3 }]);

  await queryOnce(url, dropMonth);
  await queryOnce(url, "UPDATE forward_sources SET last_id = 0, last_execution_id = NULL");
  expect(await forward()).toBe(0);
  await using ledger = await openLedger(url);
  const { totals } = await usageReport(ledger);
  expect(totals).toMatchObject({ executions: 3, costUsd: 3, durationSample: 2 });
});

test("the key that Citus asks for takes what is forwarded exactly once, and the same execution of two ledgers twice", async () => {
  const url = postgres.url(await postgres.createDatabase());
  const folder = tempDir();
  const ledgers = ["one", "other"].map((name) => {
    const dbPath = join(folder, `${name}.db`);
    using store = createTelemetryStore({ dbPath });
    store.record(executionCompleted({ executionId: "shared", costUsd: 1 }));
    store.record(executionCompleted({ executionId: name, costUsd: 1 }));
    return dbPath;
  });
  const forward = (from = "") => forwardOnce({ from, to: url });
  const [one, other] = ledgers;
  expect(await forward(one)).toMatchObject({ forwarded: 2 });
  await queryOnce(url, widerKey);
  await queryOnce(url, "UPDATE forward_sources SET last_id = 0, last_execution_id = NULL");
  expect(await forward(one)).toMatchObject({ forwarded: 0, duplicates: 2 });
  expect(await forward(other)).toMatchObject({ forwarded: 2, duplicates: 0 });
  await using ledger = await openLedger(url);
  expect((await usageReport(ledger)).totals).toMatchObject({ executions: 4, costUsd: 4 });
});
