import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { sql } from "kysely";
import { dashboardPlugin } from "../../plugins/dashboard";
import { LedgerAccess } from "../../src/dashboard/ledger-access";
import { forwardOnce } from "../../src/forward/forward-ledger";
import { createApp } from "../../src/index";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { dashboardOn } from "../support/dashboard";
import { runCli } from "../support/fake-terminal";
import { usePostgres } from "../support/postgres";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const postgres = usePostgres();
const from = join(tempDir(), "ledger.db");
let url = "";

function record(...ids: readonly string[]): void {
  using store = createTelemetryStore({ dbPath: from });
  store.recordMany(
    ids.map((executionId, index) => executionCompleted({ executionId, costUsd: 1 + index, sessionId: "s" })),
  );
}

beforeAll(async () => {
  record("a", "b", "c");
  url = postgres.url(await postgres.createDatabase());
  await forwardOnce({ from, to: url });
});

test("the page's questions are answered from PostgreSQL as from a file", async () => {
  await using ofServer = dashboardOn(url);
  await using ofFile = dashboardOn(from);
  const period = "since=7d&by=model";
  const [server, file] = [
    await ofServer.json(`/api/report?${period}`),
    await ofFile.json(`/api/report?${period}`),
  ];
  expect(server.totals).toEqual(file.totals);
  expect(server.groups).toEqual(file.groups);
  expect((await ofServer.json("/api/report?by=ledger")).groups).toMatchObject([
    { executions: 3, costUsd: 6 },
  ]);
  const first = await ofServer.json("/api/executions?sort=cost&limit=2");
  const second = await ofServer.json(`/api/executions?sort=cost&limit=2&after=${first.next}`);
  const ids = [...first.executions, ...second.executions].map(({ executionId }) => executionId);
  expect(ids).toEqual(["c", "b", "a"]);
  expect((await ofServer.json("/api/executions/a")).session).toMatchObject({ executions: 2, costUsd: 5 });
  expect((await ofServer.json("/api/changes?since=7d")).now).toEqual(
    (await ofFile.json("/api/changes?since=7d")).now,
  );
  const { out } = await runCli(["doctor", "--quick", "--json", "--db", url]);
  expect(await ofServer.json("/api/health")).toEqual(JSON.parse(out));
  const counters = async (dashboard: typeof ofFile) =>
    (await (await dashboard.fetch("/metrics")).text()).split("\n").filter((line) => line.includes("model="));
  expect(await counters(ofServer)).toEqual(await counters(ofFile));
});

test("filters by ledger, by session and by pull request", async () => {
  await using dashboard = dashboardOn(url);
  const [{ ledger }] = (await dashboard.json("/api/costliest?by=ledger")).groups;
  const countOf = async (search: string) => (await dashboard.json(`/api/report?${search}`)).totals.executions;
  expect(await countOf(`ledger=${ledger}&by=model`)).toBe(3);
  expect(await countOf(`ledger=none&ledger=${ledger}`)).toBe(3);
  expect(await countOf("ledger=none")).toBe(0);
  expect(await countOf("session=s&pr=octo-org/octo-repo%2342")).toBe(
    await countOf("pr=octo-org/octo-repo%2342"),
  );
  const { executions } = await dashboard.json(`/api/executions?ledger=${ledger}&session=s`);
  expect(executions).toHaveLength(3);
});

test("an answer is made again when something was forwarded", async () => {
  await using dashboard = dashboardOn(url);
  const before = await dashboard.json("/api/report");
  expect(await dashboard.json("/api/report")).toEqual(before);
  expect(dashboard.asked).toHaveLength(1);
  record("later");
  await forwardOnce({ from, to: url });
  expect((await dashboard.json("/api/report")).totals.executions).toBe(before.totals.executions + 1);
});

test("the server works no longer on a statement than it may", async () => {
  const access = new LedgerAccess({ db: url, statementMs: 20 });
  const slow = access.use(({ db }) => sql`select pg_sleep(60)`.execute(db));
  await expect(slow).rejects.toThrow("statement timeout");
  await access.close();
});

test("a thread of the dashboard reads it too, and no password is in what it says", async () => {
  const logger = recordingLogger();
  const app = createApp({ logger }).use(dashboardPlugin, { db: url, port: 0 });
  const place = await app.get(dashboardPlugin).ready;
  const report = await (await fetch(`${place}api/report`)).text();
  const health = await (await fetch(`${place}api/health`)).text();
  expect(JSON.parse(report).totals.executions).toBeGreaterThan(2);
  await app.close();
  expect(report + health + Bun.inspect([logger.lines, app], { depth: 10 })).not.toContain("not-a-secret");
});
