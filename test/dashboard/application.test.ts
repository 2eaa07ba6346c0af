import { expect, test } from "bun:test";
import { join } from "node:path";
import { budgetPlugin } from "../../plugins/budget";
import { dashboardPlugin } from "../../plugins/dashboard";
import { forwardPlugin } from "../../plugins/forward";
import { ApplicationLink } from "../../src/dashboard/application-link";
import { DashboardSupervisor } from "../../src/dashboard/dashboard-supervisor";
import { parseDashboardOptions } from "../../src/dashboard/options";
import { createApp, telemetryPlugin } from "../../src/index";
import type { ApplicationState } from "../../src/running-plugins";
import { executionCompleted } from "../../src/testing";
import { makeLedger } from "../support/read-ledgers";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

/** As it is in JSON. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

const healthOf = async (url: string) =>
  (await (await fetch(`${url}api/health`)).json()) as {
    findings: object[];
    application?: ApplicationState | null;
  };

test("health has what stats() of the recorder and of the forwarder say, and of no other application's", async () => {
  const logger = recordingLogger();
  const [db, otherDb] = [join(tempDir(), "a.db"), join(tempDir(), "b.db")];
  await using other = createApp({ logger }).use(telemetryPlugin, { dbPath: otherDb });
  await using app = createApp({ logger })
    // Nobody listens there.
    .use(forwardPlugin, { from: db, to: "postgres://bot:secret-of-nobody@127.0.0.1:1/runledger" })
    .use(telemetryPlugin, { dbPath: db })
    .use(dashboardPlugin, { db, port: 0 });
  const url = await app.get(dashboardPlugin).ready;
  other.emitter.emit("execution:completed", executionCompleted());
  for (const costUsd of [1, 2, -1]) app.emitter.emit("execution:completed", executionCompleted({ costUsd }));
  await app.get(telemetryPlugin).flush();
  while (app.get(forwardPlugin).stats().state !== "degraded") await Bun.sleep(5);
  const { application, findings } = await healthOf(url);
  expect(findings.length).toBeGreaterThan(5);
  expect(application?.telemetry).toEqual([plain(app.get(telemetryPlugin).stats())]);
  expect(application?.telemetry[0]).toMatchObject({ received: 3, written: 2, rejected: 1, queued: 0 });
  expect(application?.forwarding).toContainEqual(
    expect.objectContaining({ target: "127.0.0.1:1/runledger?public", state: "degraded", behind: 2 }),
  );
  expect(JSON.stringify(application)).not.toContain("secret-of-nobody");
});

test("budgets say what the application has reserved", async () => {
  const logger = recordingLogger();
  const db = makeLedger(2);
  const budgets = [
    { name: "all", limitUsd: 10, per: "month" },
    { name: "each", limitUsd: 5, per: "day", each: "repo" },
  ] as const;
  await using app = createApp({ logger })
    .use(telemetryPlugin, { dbPath: db })
    .use(budgetPlugin, { dbPath: db, budgets })
    .use(dashboardPlugin, { db, port: 0, budgets: { budgets } });
  const budget = app.get(budgetPlugin);
  await budget.ready;
  using _one = budget.reserve({ repo: "octo-org/octo-repo" }, 0.5);
  using _two = budget.reserve({ repo: "octo-org/octo-repo" }, 0.25);
  using ended = budget.reserve({ repo: "octo-org/octo-repo" }, 100);
  ended.end();
  const url = await app.get(dashboardPlugin).ready;
  const answer = (await (await fetch(`${url}api/budgets`)).json()) as { budgets: object[] };
  expect(answer.budgets).toMatchObject([
    { budget: "all", value: null, spentUsd: 2, reservedUsd: 0.75 },
    { budget: "each", value: "octo-org/octo-repo", spentUsd: 2, reservedUsd: 0.75 },
  ]);
});

test("the host is asked only when somebody looks, and may fail", async () => {
  let asked = 0;
  const application = () => {
    asked += 1;
    throw new Error("it can't tell");
  };
  const options = parseDashboardOptions({ db: makeLedger(2), port: 0 });
  await using dashboard = new DashboardSupervisor(options, recordingLogger(), { application });
  const url = await dashboard.ready;
  for (const path of ["", "api/report", "api/executions", "api/incidents", "metrics"]) {
    expect((await fetch(url + path)).status).toBe(200);
  }
  expect(asked).toBe(0);
  expect((await healthOf(url)).application).toBeNull();
  expect(asked).toBe(1);
});

test("one answer is for all who look at a time; a host that does not answer is not asked again", async () => {
  let asked = 0;
  const link = new ApplicationLink(() => {
    asked += 1;
  });
  const answer = async () => JSON.parse((await link.addTo("/api/health", '{"ok":true}')).text);
  const busy = { ok: true, application: null };
  expect(await Promise.all([answer(), answer()])).toEqual([busy, busy]);
  expect(await answer()).toEqual(busy);
  expect(asked).toBe(1);
  const state: ApplicationState = { telemetry: [], forwarding: [], reserved: [] };
  const [waiting, another] = [answer(), answer()];
  link.take(state);
  expect([await waiting, await another]).toEqual([
    { ok: true, application: state },
    { ok: true, application: state },
  ]);
  expect(asked).toBe(1);
});

test("the tag of health changes with the application", async () => {
  const link = new ApplicationLink(() => {});
  const tagFor = async (reserved: ApplicationState["reserved"]) => {
    link.take({ telemetry: [], forwarding: [], reserved });
    return (await link.addTo("/api/health", "{}")).etag;
  };
  const before = await tagFor([]);
  expect(await tagFor([])).toBe(before);
  expect(await tagFor([{ budget: "b", value: null, reservedUsd: 1 }])).not.toBe(before);
});

test("without an application, as on the command line, health is what doctor prints", async () => {
  const options = parseDashboardOptions({ db: makeLedger(1), port: 0 });
  await using dashboard = new DashboardSupervisor(options, recordingLogger());
  expect(Object.keys(await healthOf(await dashboard.ready))).toEqual(["schema", "ledger", "ok", "findings"]);
});
