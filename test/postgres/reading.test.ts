import { expect, test } from "bun:test";
import { forwardOnce } from "../../plugins/forward";
import { createTelemetryStore } from "../../src/ledger/store";
import { openLedger } from "../../src/report/database/open-ledger";
import { executionsOf } from "../../src/report/executions";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { fillLedger, ledgerIn } from "../support/forwarding";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();

test("a ledger in a schema of its own is read, checked and purged there alone", async () => {
  const folder = tempDir();
  const [here, elsewhere] = [ledgerIn(folder, "here"), ledgerIn(folder, "elsewhere")];
  fillLedger(here, "here", 60);
  fillLedger(elsewhere, "elsewhere", 30);
  const database = server.url(await server.createDatabase());
  const to = `${database}?schema=its own`;
  await forwardOnce({ from: elsewhere, to: database, logger: recordingLogger() });
  await forwardOnce({ from: here, to, logger: recordingLogger() });
  {
    await using file = await openLedger(here);
    await using ledger = await openLedger(to);
    // A day that is cut is read from the executions.
    const asked = { since: "2026-01-01T00:10:00Z", until: "2026-01-01T00:50:00Z", by: ["model"] } as const;
    const [ofServer, ofFile] = [await usageReport(ledger, asked), await usageReport(file, asked)];
    expect(ofServer.totals).toEqual(ofFile.totals);
    expect(ofServer.totals.executions).toBe(40);
    expect(ofServer.groups).toEqual(ofFile.groups);
    const rows = (await Array.fromAsync(executionsOf(ledger, {}, { order: "oldest" }))).flat();
    expect(rows).toHaveLength(60);
    expect(rows.filter(({ models }) => models !== undefined)).toHaveLength(10);
  }
  expect(await runCli(["doctor", "--db", to])).toMatchObject({ exitCode: 0 });
  expect((await runCli(["purge", "--older-than", "1d", "--db", to])).out).toBe("60 executions purged\n");
  expect(await queryOnce(to, 'SELECT count(*)::int FROM "its own".execution_models')).toEqual([{ count: 0 }]);
  expect((await runCli(["report", "--by", "model", "--json", "--db", database])).out).toContain(
    '"executions": 30',
  );
});

test("where two ledgers have the same execution, each has its own models", async () => {
  const folder = tempDir();
  const url = server.url(await server.createDatabase());
  const ledgers = ["one", "two"].map((name) => {
    const dbPath = ledgerIn(folder, name);
    const models = [
      { model: name, costUsd: 1 },
      { model: "shared", outputTokens: 1 },
    ];
    using store = createTelemetryStore({ dbPath });
    store.record(executionCompleted({ executionId: "same", completedAt: "2026-01-01T00:01:00Z", models }));
    return dbPath;
  });
  await forwardOnce({ from: ledgerIn(folder, "one"), to: url, logger: recordingLogger() });
  await queryOnce(
    url,
    "ALTER TABLE executions DROP CONSTRAINT executions_pkey, ADD PRIMARY KEY (ledger_id, execution_id)",
  );
  for (const from of ledgers) await forwardOnce({ from, to: url, logger: recordingLogger() });
  await using ledger = await openLedger(url);
  const rows = (await Array.fromAsync(executionsOf(ledger, {}, { order: "oldest" }))).flat();
  expect(rows.map(({ models }) => models?.map(({ model }) => model))).toEqual([
    ["one", "shared"],
    ["two", "shared"],
  ]);
  const { groups } = await usageReport(ledger, { until: "2026-01-01T00:02:00Z", by: ["model"] });
  expect(groups.map(({ model, usedIn, costUsd }) => [model, usedIn, costUsd])).toEqual([
    ["one", 1, 1],
    ["two", 1, 1],
    ["shared", 2, 0],
  ]);
});

test("the values of a label are limited as in the ledger, over any number of batches", async () => {
  const from = ledgerIn(tempDir(), "crowded");
  const completedAt = Date.UTC(2026, 0, 5);
  const of = (user: number) => executionCompleted({ labels: { user: `u${user}` }, completedAt, costUsd: 1 });
  {
    using store = createTelemetryStore({ dbPath: from, logger: recordingLogger() });
    store.recordMany(Array.from({ length: 1_100 }, (_, index) => of(index)));
    store.recordMany(Array.from({ length: 1_100 }, (_, index) => of(index + 50)));
  }
  const to = server.url(await server.createDatabase());
  await forwardOnce({ from, to, batchSize: 300, logger: recordingLogger() });
  await using ledger = await openLedger(to);
  await using file = await openLedger(from);
  const asked = { since: "2026-01-05", until: "2026-01-06", by: ["label:user"] } as const;
  const [ofServer, ofFile] = [await usageReport(ledger, asked), await usageReport(file, asked)];
  expect(ofServer.groups).toHaveLength(1_001);
  expect(ofServer.groups[0]).toMatchObject({ "label:user": "(other)", executions: 250 });
  const byName = (groups: typeof ofFile.groups) =>
    groups.toSorted((a, b) => (`${a["label:user"]}` < `${b["label:user"]}` ? -1 : 1));
  expect(byName(ofServer.groups)).toEqual(byName(ofFile.groups));
  expect(ofServer.notes).toEqual(ofFile.notes);
  expect(await runCli(["doctor", "--db", to])).toMatchObject({ exitCode: 0 });
});
