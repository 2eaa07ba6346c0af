import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type BudgetPluginOptions, budgetPlugin } from "../../../plugins/budget";
import { telemetryPlugin } from "../../../plugins/telemetry";
import { createApp } from "../../../src/app/create-app";
import { createTelemetryStore } from "../../../src/ledger/store";
import { DAY_MS } from "../../../src/record/time";
import { createFakeStore, executionCompleted } from "../../../src/testing";
import { startBudgetApp } from "../../support/budgets";
import { recordingLogger } from "../../support/recording-logger";
import { tempDir } from "../../support/temp-dir";
import { thrownBy } from "../../support/thrown-by";

const folder = tempDir();
let files = 0;
function newPath(): string {
  files += 1;
  return join(folder, `${files}`, "telemetry.db");
}

const spender = { repo: "octo-org/octo-repo", eventType: "pull_request.opened" };
const ALL = { name: "all", limitUsd: 10, per: "month" } as const;

describe("check", () => {
  test("answers from memory for each budget that matches", async () => {
    await using app = await startBudgetApp(newPath(), {
      budgets: [
        ALL,
        {
          name: "reviews",
          limitUsd: 4,
          per: "day",
          match: { repo: "octo-org/*", eventType: "pull_request.*" },
        },
        { name: "others", limitUsd: 4, per: "day", match: { repo: "others/*" } },
        { name: "each team", limitUsd: 1, per: "week", each: "label:team" },
        { name: "each model", limitUsd: 1, per: "week", each: "model" },
        { name: "one", limitUsd: 3, per: "execution" },
      ],
    });
    const { budgets, emit } = app;
    const labels = { team: "core" };
    emit({ costUsd: 1.5, labels });
    const answer = budgets.check({ ...spender, labels });
    expect(answer).toMatchObject({ allowed: false, stale: false });
    expect(answer.budgets).toMatchObject([
      { budget: "all", value: null, spentUsd: 1.5, remainingUsd: 8.5, allowed: true },
      { budget: "reviews", value: null, spentUsd: 1.5, remainingUsd: 2.5, allowed: true },
      { budget: "each team", value: "core", spentUsd: 1.5, remainingUsd: 0, allowed: false },
      { budget: "one", value: null, spentUsd: 0, remainingUsd: 3, periodEnd: null, allowed: true },
    ]);
    // Without the label; and with a model, by which one of them is asked.
    const others = budgets.check({ ...spender, model: "claude-sonnet-4-5" });
    expect(others.budgets.map(({ budget, value, spentUsd }) => [budget, value, spentUsd])).toEqual([
      ["all", null, 1.5],
      ["reviews", null, 1.5],
      ["each team", "(none)", 0],
      ["each model", "claude-sonnet-4-5", 1.5],
      ["one", null, 0],
    ]);
    expect(budgets.check({}).budgets.map(({ budget }) => budget)).toEqual(["all", "each team", "one"]);
    expect(budgets.check(spender, 1).allowed).toBe(true);
    expect(budgets.check(spender, 1.1).budgets.map(({ allowed }) => allowed)).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(budgets.check(spender, 2.6).budgets.map(({ allowed }) => allowed)).toEqual([
      true,
      false,
      false,
      true,
    ]);
    await app.settle();
    expect(budgets.check({ ...spender, labels }).budgets).toEqual(answer.budgets);
    expect(budgets.stats()).toMatchObject({ state: "open", pending: 0, holds: 0 });
  });

  test("refuses an amount that is none", async () => {
    await using app = await startBudgetApp(newPath(), { budgets: [ALL] });
    for (const amount of [-1, Number.NaN, Number.POSITIVE_INFINITY, "1" as unknown as number]) {
      expect(await thrownBy(() => app.budgets.check(spender, amount))).toMatchObject({
        code: "INVALID_ARGUMENT",
      });
      expect(await thrownBy(() => app.budgets.reserve(spender, amount))).toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }
  });

  test("sees what others write when the ledger was read, and counts what the handle records", async () => {
    const dbPath = newPath();
    await using app = await startBudgetApp(dbPath, { budgets: [ALL], readIntervalMs: 20 });
    {
      using other = createTelemetryStore({ dbPath });
      other.record(executionCompleted({ costUsd: 4 }));
    }
    const spent = () => app.budgets.check(spender).budgets[0]?.spentUsd;
    while (spent() !== 4) await Bun.sleep(5);
    app.telemetry.record(executionCompleted({ costUsd: 1 }));
    expect(spent()).toBe(5);
  });

  test("estimated costs count when they were read", async () => {
    const dbPath = newPath();
    const app = createApp()
      .use(telemetryPlugin, {
        dbPath,
        estimateCost: { prices: [{ model: "ours", inputPerMillion: 1, outputPerMillion: 2 }] },
      })
      .use(budgetPlugin, { dbPath, budgets: [ALL], unknownCostUsd: 0.5 });
    const budgets = app.get(budgetPlugin);
    await budgets.ready;
    const state = () => budgets.check(spender).budgets[0];
    const amounts = { inputTokens: 1_000_000, outputTokens: 1_000_000, costUsd: null };
    app.emitter.emit("execution:completed", executionCompleted({ model: "ours", ...amounts }));
    expect(state()).toMatchObject({ spentUsd: 0.5, unknownCosts: 1 });
    await app.get(telemetryPlugin).flush();
    await budgets.refresh();
    // The default record has cached input too.
    const { cacheReadTokens = 0, cacheCreationTokens = 0 } = executionCompleted();
    const spentUsd = 3 + (Number(cacheReadTokens) + Number(cacheCreationTokens)) / 1_000_000;
    expect(state()?.spentUsd).toBeCloseTo(spentUsd, 9);
    expect(state()?.unknownCosts).toBe(0);
    await app.close();
  });
});

describe("reserve", () => {
  test("counts as spent until the run is recorded, or the hold ends", async () => {
    await using app = await startBudgetApp(newPath(), { budgets: [ALL] });
    const { budgets, emit } = app;
    const state = () => {
      const [{ spentUsd, reservedUsd, remainingUsd } = {}] = budgets.check(spender).budgets;
      return [spentUsd, reservedUsd, remainingUsd];
    };
    const hold = budgets.reserve(spender, 6);
    expect(hold.allowed).toBe(true);
    expect(state()).toEqual([0, 6, 4]);
    {
      using second = budgets.reserve(spender, 6);
      expect(second.allowed).toBe(false);
      expect(state()).toEqual([0, 12, 0]);
    }
    expect(state()).toEqual([0, 6, 4]);
    emit({ executionId: hold.executionId, costUsd: 5.5 });
    expect(state()).toEqual([5.5, 0, 4.5]);
    hold.end();
    hold[Symbol.dispose]();
    expect(state()).toEqual([5.5, 0, 4.5]);
    const named = budgets.reserve(spender, 1, "run-1");
    expect(named.executionId).toBe("run-1");
    expect(await thrownBy(() => budgets.reserve(spender, 1, "run-1"))).toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    // A rejected record is recorded, as far as the run is concerned.
    emit({ executionId: "run-1", repo: "" });
    expect(state()).toEqual([5.5, 0, 4.5]);
    expect(budgets.stats().holds).toBe(0);
  });

  test("of too many holds none is allowed", async () => {
    await using app = await startBudgetApp(newPath(), { budgets: [{ ...ALL, limitUsd: 1e9 }] });
    const { budgets } = app;
    const [first] = Array.from({ length: 10_000 }, () => budgets.reserve(spender, 1));
    const beyond = budgets.reserve(spender, 1);
    expect([beyond.allowed, budgets.stats().holds]).toEqual([false, 10_000]);
    first?.end();
    expect(budgets.reserve(spender, 1).allowed).toBe(true);
  });

  test("a hold that nobody ends, ends by itself", async () => {
    await using app = await startBudgetApp(newPath(), { budgets: [ALL], holdTimeoutMs: 1 });
    const { budgets } = app;
    budgets.reserve(spender, 10);
    while (!budgets.check(spender).allowed) await Bun.sleep(1);
    expect(budgets.stats().holds).toBe(0);
    expect(budgets.check(spender).budgets[0]?.reservedUsd).toBe(0);
  });

  test("of a budget per execution the amount alone is compared", async () => {
    await using app = await startBudgetApp(newPath(), {
      budgets: [{ name: "one", limitUsd: 5, per: "execution" }],
    });
    const { budgets } = app;
    using first = budgets.reserve(spender, 5);
    using second = budgets.reserve(spender, 5);
    expect([first.allowed, second.allowed, budgets.reserve(spender, 5.1).allowed]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("alerts", () => {
  test("are emitted once per budget, value, share and period, also over restarts", async () => {
    const dbPath = newPath();
    const options: Omit<BudgetPluginOptions, "dbPath"> = {
      budgets: [ALL, { name: "each", limitUsd: 2, per: "day", each: "repo" }],
      alertAt: [1, 0.5],
    };
    {
      await using app = await startBudgetApp(dbPath, options);
      app.emit({ repo: "a", costUsd: 1 });
      await app.settle();
      expect(app.alerts).toEqual(["threshold each a 0.5"]);
      app.emit({ repo: "a", costUsd: 1 });
      app.emit({ repo: "b", costUsd: 3 });
      await app.settle();
      await app.settle();
      expect(app.alerts.slice(1)).toEqual([
        "threshold all 0.5",
        "threshold each a 1",
        "threshold each b 0.5",
        "threshold each b 1",
        "exceeded each b 1",
      ]);
      const [payload] = app.payloads;
      const until = new Date(Math.floor(Date.now() / DAY_MS + 1) * DAY_MS).toISOString();
      expect(payload).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        ...{
          budget: "each",
          value: "a",
          share: 0.5,
          spentUsd: 1,
          limitUsd: 2,
          per: "day",
          executionId: null,
        },
        period: { since: new Date(Date.parse(until) - DAY_MS).toISOString(), until },
      });
      expect(new Set(app.payloads.map(({ id }) => id)).size).toBe(app.payloads.length);
      expect(app.budgets.stats().alerts).toBe(6);
    }
    {
      await using app = await startBudgetApp(dbPath, options);
      await app.settle();
      expect(app.alerts).toEqual([]);
      app.emit({ repo: "c", costUsd: 6 });
      await app.settle();
      expect(app.alerts).toEqual([
        "threshold all 1",
        "exceeded all 1",
        "threshold each c 0.5",
        "threshold each c 1",
        "exceeded each c 1",
      ]);
    }
  });

  test("of two applications on one ledger one tells each", async () => {
    const dbPath = newPath();
    await using one = await startBudgetApp(dbPath, { budgets: [ALL] });
    await using two = await startBudgetApp(dbPath, { budgets: [ALL] });
    one.emit({ costUsd: 20 });
    await Promise.all([one.settle(), two.settle()]);
    await Promise.all([one.settle(), two.settle()]);
    expect([...one.alerts, ...two.alerts].sort()).toEqual([
      "exceeded all 1",
      "threshold all 0.5",
      "threshold all 0.8",
      "threshold all 1",
    ]);
  });

  test("of a budget per execution are about executions, from its start on, and where it left off", async () => {
    const dbPath = newPath();
    const options = { budgets: [{ name: "one", limitUsd: 5, per: "execution" }], alertAt: [1] } as const;
    {
      using store = createTelemetryStore({ dbPath });
      store.record(executionCompleted({ costUsd: 50 }));
    }
    {
      await using app = await startBudgetApp(dbPath, options);
      await app.settle();
      expect(app.alerts).toEqual([]);
      app.emit({ costUsd: 5, executionId: "run-1" });
      app.emit({ costUsd: 1, executionId: "run-2" });
      await app.settle();
      expect(app.payloads.map(({ executionId, spentUsd }) => [executionId, spentUsd])).toEqual([
        ["run-1", 5],
      ]);
    }
    {
      using store = createTelemetryStore({ dbPath });
      store.record(executionCompleted({ costUsd: 6, executionId: "run-3" }));
    }
    await using app = await startBudgetApp(dbPath, options);
    await app.settle();
    expect(app.alerts).toEqual(["threshold one 1", "exceeded one 1"]);
    expect(app.payloads[0]).toMatchObject({ executionId: "run-3", period: { since: null, until: null } });
  });

  test("however many there are at once, each is told", async () => {
    const dbPath = newPath();
    {
      using store = createTelemetryStore({ dbPath });
      const repos = Array.from({ length: 1_200 }, (_, n) => executionCompleted({ repo: `${n}`, costUsd: 2 }));
      store.recordMany(repos);
    }
    await using app = await startBudgetApp(dbPath, {
      budgets: [{ name: "each", limitUsd: 1, per: "month", each: "repo" }],
      alertAt: [1],
    });
    await app.settle();
    expect(new Set(app.alerts).size).toBe(2_400);
    expect(app.alerts).toHaveLength(2_400);
  });

  test("budgets of one name are told apart by what they match", async () => {
    const dbPath = newPath();
    const budgetOf = (repo: string) => ({ budgets: [{ ...ALL, match: { repo } }], alertAt: [1] });
    await using one = await startBudgetApp(dbPath, budgetOf("a"));
    await using two = await startBudgetApp(dbPath, budgetOf("b"));
    one.emit({ repo: "a", costUsd: 10 });
    one.emit({ repo: "b", costUsd: 10 });
    await one.settle();
    await two.settle();
    expect([one.alerts, two.alerts]).toEqual([["threshold all 1"], ["threshold all 1"]]);
  });

  test("a listener that throws harms nobody, and the alert counts as told", async () => {
    const dbPath = newPath();
    {
      await using app = await startBudgetApp(dbPath, { budgets: [ALL], alertAt: [0.5] });
      app.app.emitter.on("budget:threshold", () => {
        throw new Error("a bug of the listener");
      });
      app.emit({ costUsd: 5 });
      await app.settle();
      expect(app.alerts).toEqual(["threshold all 0.5"]);
      expect(app.logger.lines).toMatchObject([
        { level: "error", message: "a listener of budget:threshold failed" },
      ]);
    }
    await using app = await startBudgetApp(dbPath, { budgets: [ALL], alertAt: [0.5] });
    await app.settle();
    expect(app.alerts).toEqual([]);
  });

  test("that can't be kept are kept later", async () => {
    const dbPath = newPath();
    await using app = await startBudgetApp(dbPath, { budgets: [ALL], alertAt: [0.5] });
    const path = `${dbPath}.budgets.db`;
    new Database(path).close();
    const lock = new Database(path);
    lock.run("BEGIN IMMEDIATE");
    app.emit({ costUsd: 5 });
    await app.settle();
    expect(app.alerts).toEqual([]);
    await app.settle();
    expect(app.logger.lines.map(({ message }) => message)).toEqual([
      "could not keep alerts: database is locked",
    ]);
    lock.run("ROLLBACK");
    lock.close();
    await app.settle();
    expect(app.alerts).toEqual(["threshold all 0.5"]);
  });
});

describe("the host is never harmed", () => {
  test("by a ledger that can't be read: check says stale, and onUnknown decides", async () => {
    const dbPath = newPath();
    const options = { budgets: [ALL], readIntervalMs: 10 };
    await using allowing = await startBudgetApp(dbPath, options);
    const check = () => allowing.budgets.check(spender);
    allowing.emit({ costUsd: 4 });
    await allowing.settle();
    await allowing.telemetry.close();
    const moved = `${dbPath}.moved`;
    renameSync(dbPath, moved);
    // On a busy machine a reading may be stale before it fails.
    while (allowing.budgets.stats().state !== "degraded") await Bun.sleep(1);
    expect(check()).toMatchObject({ allowed: true, stale: true, budgets: [{ spentUsd: 4 }] });
    expect(check().ageMs).toBeGreaterThan(0);
    expect(allowing.budgets.stats()).toMatchObject({
      state: "degraded",
      lastError: expect.stringContaining("no ledger"),
    });
    const denying = createApp({ logger: recordingLogger() }).use(budgetPlugin, {
      dbPath,
      onUnknown: "deny",
      ...options,
    });
    expect(denying.get(budgetPlugin).check(spender)).toMatchObject({
      allowed: false,
      stale: true,
      ageMs: null,
    });
    expect(denying.get(budgetPlugin).reserve(spender, 1).allowed).toBe(false);
    renameSync(moved, dbPath);
    while (check().stale || denying.get(budgetPlugin).check(spender).stale) await Bun.sleep(1);
    expect(denying.get(budgetPlugin).check(spender)).toMatchObject({
      allowed: true,
      budgets: [{ spentUsd: 4 }],
    });
    await denying.close();
    expect(allowing.logger.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^what budgets have spent can't be read, and is tried again: There is no ledger/),
      "budgets are read again",
    ]);
  });

  test("by a ledger that is not there: that is said once, and nobody waits for it", async () => {
    const dbPath = newPath();
    const logger = recordingLogger();
    const app = createApp({ logger }).use(budgetPlugin, { dbPath, budgets: [ALL], readIntervalMs: 1 });
    const budgets = app.get(budgetPlugin);
    while (budgets.stats().state !== "degraded") await Bun.sleep(1);
    for (let n = 0; n < 5; n += 1) await budgets.refresh();
    expect(logger.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^what budgets have spent can't be read, and is tried again: There is no ledger/),
    ]);
    await app.close();
  });

  test("by the end of the thread: another reads, also what was asked for in between", async () => {
    const RealWorker = globalThis.Worker;
    const workers: Worker[] = [];
    globalThis.Worker = class extends RealWorker {
      constructor(url: string | URL) {
        super(url);
        workers.push(this);
      }
    };
    const dbPath = newPath();
    createTelemetryStore({ dbPath }).close();
    const app = createApp({ logger: recordingLogger() }).use(budgetPlugin, { dbPath, budgets: [ALL] });
    globalThis.Worker = RealWorker;
    const budgets = app.get(budgetPlugin);
    await budgets.ready;
    {
      using store = createTelemetryStore({ dbPath });
      store.record(executionCompleted({ costUsd: 3 }));
    }
    workers[0]?.terminate();
    while (budgets.stats().restarts === 0) await Bun.sleep(0);
    await budgets.refresh();
    expect(budgets.check(spender)).toMatchObject({ stale: false, budgets: [{ spentUsd: 3 }] });
    await app.close();
  });

  test("by events that are none, nor by a bus without emit", async () => {
    const dbPath = newPath();
    const app = createApp({ logger: recordingLogger() }).use(telemetryPlugin, { dbPath });
    const { on, off } = app.emitter;
    const budgets = budgetPlugin.setup(
      { emitter: { on, off }, onClose: app.onClose, logger: recordingLogger() },
      { dbPath, budgets: [ALL] },
    );
    await budgets.ready;
    const thrower = {
      get repo(): string {
        throw new Error("a getter");
      },
    };
    for (const event of [undefined, null, 7, [], {}, thrower, { ...executionCompleted(), labels: 1 }]) {
      app.emitter.emit("execution:completed", event as never);
    }
    app.emitter.emit("execution:completed", executionCompleted({ costUsd: 20 }));
    expect(budgets.check(spender).budgets[0]?.spentUsd).toBe(20);
    await app.get(telemetryPlugin).flush();
    await budgets.refresh();
    expect(budgets.check(spender).budgets[0]?.spentUsd).toBe(20);
    expect(budgets.stats()).toMatchObject({ pending: 0, alerts: 4 });
    await app.close();
    expect(await thrownBy(() => budgets.refresh())).toMatchObject({ code: "CLOSED" });
    expect(budgets.stats().state).toBe("closed");
    expect(budgets.check(spender).allowed).toBe(false);
  });

  test("no file is left but the ledger and that of alerts; without an alert there is none", async () => {
    const dbPath = newPath();
    const app = await startBudgetApp(dbPath, { budgets: [ALL] });
    app.emit({ costUsd: 1 });
    await app.settle();
    await app.app.close();
    expect(readdirSync(join(dbPath, ".."))).toEqual(["telemetry.db"]);
    expect(existsSync(`${dbPath}.budgets.db`)).toBe(false);
  });

  test("a ledger in memory, or a store that was injected, has what this process records", async () => {
    const app = createApp()
      .use(telemetryPlugin, { store: createFakeStore() })
      .use(budgetPlugin, { dbPath: ":memory:", budgets: [ALL] });
    const budgets = app.get(budgetPlugin);
    await budgets.ready;
    app.emitter.emit("execution:completed", executionCompleted({ costUsd: 10 }));
    expect(budgets.check(spender)).toMatchObject({
      allowed: false,
      stale: false,
      budgets: [{ spentUsd: 10 }],
    });
    await app.close();
  });
});

test("a host that takes no close hook gets nothing that goes on", () => {
  const refusing = {
    emitter: createApp().emitter,
    onClose() {
      throw new Error("no hooks");
    },
  };
  const options = { dbPath: newPath(), budgets: [ALL], logger: recordingLogger() };
  expect(() => budgetPlugin.setup(refusing, options)).toThrow("no hooks");
});

test.each([
  [{ budgets: [] }, "budgets: expected one budget or more, received an array."],
  [
    { budgets: [{ ...ALL, limitUsd: 0 }] },
    "budgets.0.limitUsd: expected US dollars, above 0, received the number 0.",
  ],
  [{ budgets: [ALL, ALL] }, "budgets: expected budgets with names of their own"],
  [{ budgets: [{ ...ALL, per: "year" }] }, "budgets.0.per: expected one of day, week, month, execution"],
  [{ budgets: [{ ...ALL, timeZone: "Mars" }] }, "budgets.0.timeZone: expected the name of a time zone"],
  [{ budgets: [{ ...ALL, each: "session" }] }, "budgets.0.each: expected one of repo, model"],
  [{ budgets: [{ ...ALL, each: "repo", per: "execution" }] }, "budgets.0.each: expected no each beside per"],
  [{ budgets: [{ ...ALL, match: { repository: "x" } }] }, "repository: unknown"],
  [
    { budgets: [{ ...ALL, match: { labels: { Team: "x" } } }] },
    "budgets.0.match.labels: expected keys of labels",
  ],
  [{ budgets: [ALL], alertAt: [0] }, "alertAt.0: expected shares of the limit"],
  [{ budgets: [ALL], unknownCostUsd: -1 }, "unknownCostUsd: expected US dollars, 0 or more"],
  [{ budgets: [ALL], readIntervalMs: 0 }, "readIntervalMs: expected milliseconds from 1"],
  [{ budgets: [ALL], onUnknown: "stop" }, 'onUnknown: expected "allow" or "deny"'],
  [
    { budgets: [ALL], webhook: { url: "ftp://user:secret@x" } },
    "webhook.url: expected an http: or https: URL.",
  ],
  [{ budgets: [ALL], nonsense: 1 }, "nonsense: unknown"],
  [undefined, "expected an object of options, received nothing"],
])("refuses the options %j", async (options, message) => {
  const app = createApp();
  const error = await thrownBy(() => app.use(budgetPlugin, options as unknown as BudgetPluginOptions));
  expect(error.code).toBe("INVALID_OPTION");
  expect(error.message).toContain(message);
  expect(error.message).not.toContain("secret");
  await app.close();
});
