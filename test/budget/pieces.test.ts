import { expect, setSystemTime, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import { Accounts, newPayees } from "../../src/budget/accounts";
import { isDead, newOwner } from "../../src/budget/alert-owner";
import { AlertStore } from "../../src/budget/alert-store";
import { Alerts } from "../../src/budget/alerts";
import { Amounts, MOST_VALUES } from "../../src/budget/amounts";
import { BudgetThreadLink } from "../../src/budget/budget-thread-link";
import { LedgerSums } from "../../src/budget/ledger-sums";
import { parseBudgets } from "../../src/budget/options";
import { periodAt } from "../../src/budget/period";
import { type BudgetStart, fromPosted, toPosted } from "../../src/budget/protocol";
import { createTelemetryStore } from "../../src/ledger/store";
import { RecentIds } from "../../src/recent-ids";
import { DAY_MS } from "../../src/record/time";
import { executionCompleted } from "../../src/testing";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

test("whether the owner of an alert is dead is known of processes of this machine alone", () => {
  const { pid } = Bun.spawnSync([process.execPath, "--version"]);
  expect(isDead(newOwner())).toBe(false);
  expect(isDead(`${pid}@${hostname()}/x`)).toBe(true);
  expect(isDead(`${pid}@elsewhere.${hostname()}/x`)).toBe(false);
  // Released.
  expect(isDead("")).toBe(true);
});

test("of the ids of executions the latest are remembered", () => {
  const ids = new RecentIds(50_000);
  for (let n = 0; n < 120_000; n += 1) ids.add(`${n}`);
  const remembered = [0, 69_999, 70_000, 119_999].map((n) => ids.has(`${n}`));
  expect(remembered).toEqual([false, false, true, true]);
});

test("amounts arrive as they were posted", () => {
  const amounts = new Amounts();
  amounts.add({ index: 2, value: "a" }, { costUsd: 1.5, unknown: 1 });
  amounts.add({ index: 2, value: "a" }, { costUsd: 1, unknown: 0 });
  amounts.set({ index: 0, value: "" }, { costUsd: 0.25, unknown: 0 });
  expect([...fromPosted(toPosted(amounts))]).toEqual([
    [
      { index: 0, value: "" },
      { costUsd: 0.25, unknown: 0 },
    ],
    [
      { index: 2, value: "a" },
      { costUsd: 2.5, unknown: 1 },
    ],
  ]);
});

test("values beyond a number share one amount", () => {
  const amounts = new Amounts();
  for (let n = 0; n < MOST_VALUES + 5; n += 1) {
    amounts.add({ index: 0, value: `${n}` }, { costUsd: 1, unknown: 0 });
  }
  expect([...amounts]).toHaveLength(MOST_VALUES + 1);
  expect(amounts.get({ index: 0, value: "(other)" })).toEqual({ costUsd: 5, unknown: 0 });
  expect(amounts.get({ index: 0, value: `${MOST_VALUES}` })).toBeUndefined();
});

test("values that the ledger no longer has by themselves are forgotten, but for what is reserved", () => {
  const options = parseBudgets(
    { budgets: [{ name: "each", limitUsd: 1, per: "day", each: "repo" }] },
    "test",
  );
  const accounts = new Accounts(options, Date.now());
  const confirm = (from: number) => {
    const amounts = new Amounts();
    for (let n = from; n < from + 5; n += 1)
      amounts.set({ index: 0, value: `${n}` }, { costUsd: 1, unknown: 0 });
    accounts.confirm(amounts, true);
  };
  confirm(0);
  const held = newPayees([{ index: 0, value: "1" }]);
  accounts.addReserved(held, 1);
  confirm(3);
  expect([...accounts.states()].map(({ value }) => value)).toEqual(["1", "3", "4", "5", "6", "7"]);
  accounts.addReserved(held, -1);
  confirm(3);
  expect([...accounts.states()].map(({ value }) => value)).toEqual(["3", "4", "5", "6", "7"]);
  expect(accounts.statesOf(held, 0)).toMatchObject([{ value: "1", spentUsd: 0, reservedUsd: 0 }]);
});

test("alerts that wait for a webhook are bounded: the oldest are given up; those of long ago are forgotten", () => {
  const dbPath = join(tempDir(), "telemetry.db");
  using store = new AlertStore(dbPath, newOwner(), true);
  const alerts = new Alerts(
    parseBudgets(
      { budgets: [{ name: "each", limitUsd: 1, per: "month", each: "repo" }], alertAt: [1] },
      "test",
    ),
  );
  const period = periodAt("month", "UTC", Date.now());
  const amount = { costUsd: 1, unknown: 0 };
  const of = (value: string) => [...alerts.ofAmount({ index: 0, value }, amount, period, "a ledger")];
  const now = Date.now();
  try {
    setSystemTime(now - 61 * DAY_MS);
    const [old] = store.claim(of("old"));
    setSystemTime(now - 1);
    const [oldest] = store.claim(of("oldest"));
    expect(store.nextUnposted(new Map())?.alert.id).toBe(oldest?.alert.id ?? "");
    // Long forgotten, it is another one.
    expect(store.claim(old === undefined ? [] : [old])).toHaveLength(1);
    setSystemTime(now);
    expect(store.claim(Array.from({ length: 1_000 }, (_, n) => of(`${n}`)).flat())).toHaveLength(1_000);
    expect(store.unposted).toBe(1_000);
    expect(of("oldest")).toEqual([]);
    expect(store.claim(oldest === undefined ? [] : [oldest])).toEqual([]);
    expect(["old", "oldest"]).not.toContain(store.nextUnposted(new Map())?.alert.value ?? "");
  } finally {
    setSystemTime();
  }
});

test("executions are given once to budgets per execution, from where another process left off", async () => {
  const dbPath = join(tempDir(), "telemetry.db");
  using store = createTelemetryStore({ dbPath });
  store.recordMany(
    [1, 2, 0].map((costUsd) => executionCompleted({ costUsd, executionId: `run-${costUsd}` })),
  );
  const { budgets } = parseBudgets(
    { budgets: [{ name: "one", limitUsd: 1, per: "execution", match: { repo: "octo-org/*" } }] },
    "test",
  );
  const sums = new LedgerSums(dbPath, budgets, 1);
  const read = async () =>
    (await sums.read(Date.now())).executions.map(({ executionId, costUsd }) => [executionId, costUsd]);
  expect(await read()).toEqual([["run-2", 2]]);
  expect(await read()).toEqual([]);
  store.record(executionCompleted({ costUsd: 3, executionId: "run-3" }));
  store.record(executionCompleted({ costUsd: 4, repo: "others/x" }));
  expect(await read()).toEqual([["run-3", 3]]);
  expect([...sums.sums]).toEqual([]);
  await expect(new LedgerSums(`${dbPath}.missing`, budgets, undefined).read(0)).rejects.toMatchObject({
    code: "LEDGER_NOT_FOUND",
  });
});

test("of very many executions a reading gives some, and the next goes on", async () => {
  const dbPath = join(tempDir(), "telemetry.db");
  using store = createTelemetryStore({ dbPath });
  store.recordMany(Array.from({ length: 10_005 }, () => executionCompleted({ costUsd: 1 })));
  const { budgets } = parseBudgets({ budgets: [{ name: "one", limitUsd: 1, per: "execution" }] }, "test");
  const sums = new LedgerSums(dbPath, budgets, 0);
  const read = async () => {
    const { executions, judgedId } = await sums.read(Date.now());
    return [executions.length, judgedId];
  };
  expect([await read(), await read(), await read()]).toEqual([
    [10_000, 10_000],
    [5, 10_005],
    [0, 10_005],
  ]);
});

test("a thread that can't be started is tried again, and said to be hopeless", async () => {
  const logger = recordingLogger();
  const deaths: string[] = [];
  let restarts = 0;
  const link = new BudgetThreadLink(
    // It ends at once.
    {} as BudgetStart,
    {
      onMessage() {},
      onDeath: (reason) => deaths.push(reason),
      onRestart: () => {
        restarts += 1;
      },
    },
    logger,
  );
  while (restarts === 0 || !link.isHopeless) await Bun.sleep(5);
  link.post({ type: "read", id: 1 });
  link.end();
  expect(link.restarts).toBeGreaterThan(1);
  expect(deaths[0]).toStartWith("the budgets' thread ended: ");
  expect(logger.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    expect.stringMatching(/^error: the budgets' thread can't be started, so the ledger is not read/),
  ]);
});
