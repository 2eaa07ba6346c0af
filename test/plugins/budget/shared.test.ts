import { expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import { budgetPlugin, budgetReport } from "../../../plugins/budget";
import { forwardOnce } from "../../../plugins/forward";
import { createApp } from "../../../src/app/create-app";
import { newOwner } from "../../../src/budget/alert-owner";
import { BudgetDesk } from "../../../src/budget/budget-desk";
import { parseBudgets } from "../../../src/budget/options";
import { periodAt } from "../../../src/budget/period";
import { type FromBudgetThread, fromPosted } from "../../../src/budget/protocol";
import { readBudgetOfOthers } from "../../../src/budget/read-budget";
import { createTelemetryStore } from "../../../src/ledger/store";
import { DAY_MS } from "../../../src/record/time";
import { openLedger } from "../../../src/report/database/open-ledger";
import { usageReport } from "../../../src/report/usage-report";
import { startBudgetApp } from "../../support/budgets";
import { usePostgres } from "../../support/postgres";
import { queryOnce } from "../../support/postgres-server";
import { tempDir } from "../../support/temp-dir";

const server = usePostgres();
const folder = tempDir();
const spender = { repo: "a", eventType: "pull_request.opened", labels: { team: "core" } };
const BUDGETS = [
  { name: "all", limitUsd: 100, per: "month", timeZone: "Europe/Berlin" },
  { name: "each repo", limitUsd: 100, per: "day", each: "repo" },
  { name: "each team", limitUsd: 100, per: "week", each: "label:team" },
  { name: "core on a", limitUsd: 100, per: "month", match: { repo: "a", labels: { team: "core" } } },
] as const;

test("machines that forward to one database see what the others spend, and count their own once", async () => {
  const url = server.url(await server.createDatabase());
  const paths = [join(folder, "one.db"), join(folder, "two.db")] as const;
  await using one = await startBudgetApp(paths[0], { budgets: BUDGETS });
  one.emit({ repo: "a", costUsd: 10, labels: { team: "core" } });
  one.emit({ repo: "b", costUsd: 20 });
  await one.settle();
  await forwardOnce({ from: paths[0], to: url });

  await using two = await startBudgetApp(paths[1], { budgets: BUDGETS, shared: url, alertAt: [0.5] });
  const spent = () => two.budgets.check(spender).budgets.map(({ spentUsd }) => spentUsd);
  expect(spent()).toEqual([30, 10, 10, 10]);
  two.emit({ repo: "a", costUsd: 25, labels: { team: "core" } });
  expect(spent()).toEqual([55, 35, 35, 35]);
  await two.settle();
  expect(spent()).toEqual([55, 35, 35, 35]);
  expect(two.alerts).toEqual(["threshold all 0.5"]);
  // Forwarded, it is in the database too, and counts once all the same.
  await forwardOnce({ from: paths[1], to: url });
  one.emit({ repo: "a", costUsd: 1, labels: { team: "core" } });
  await one.settle();
  await forwardOnce({ from: paths[0], to: url });
  await two.settle();
  expect(spent()).toEqual([56, 36, 36, 36]);

  // The command line reads the database itself.
  await using ledger = await openLedger(url);
  const report = await budgetReport(ledger, { budgets: BUDGETS });
  const [all] = parseBudgets({ budgets: BUDGETS }, "test").budgets;
  if (all === undefined) throw new Error("there is no budget");
  const [{ ledger: own } = {}] = (await usageReport(ledger, { by: ["ledger"] })).groups;
  const period = periodAt("month", all.timeZone, Date.now());
  const others = await readBudgetOfOthers(ledger.db, ledger, all, period, `${own}`);
  const [amount] = others.values();
  // Of the two ledgers, the one that spent more is left out.
  expect(amount).toEqual({ costUsd: 25, unknown: 0 });
  expect(report.budgets.map(({ budget, value, spentUsd }) => [budget, value, spentUsd])).toEqual([
    ["all", null, 56],
    ["each repo", "a", 36],
    ["each repo", "b", 20],
    ["each team", "core", 36],
    ["each team", "(none)", 20],
    ["core on a", null, 36],
  ]);
});

test("what others spent in a period that is over does not count in the next, when they can't be read since", async () => {
  const url = server.url(await server.createDatabase());
  const own = join(folder, "own.db");
  {
    await using other = await startBudgetApp(join(folder, "other.db"), { budgets: BUDGETS });
    other.emit({ costUsd: 20 });
    await other.settle();
    await forwardOnce({ from: join(folder, "other.db"), to: url });
    createTelemetryStore({ dbPath: own }).close();
  }
  const messages: FromBudgetThread[] = [];
  const desk = new BudgetDesk(
    {
      ...parseBudgets({ budgets: [{ name: "all", limitUsd: 100, per: "day" }] }, "test"),
      ...{ dbPath: own, shared: { url, driver: undefined }, webhook: undefined, owner: newOwner() },
    },
    (message) => messages.push(message),
  );
  const read = async () => {
    messages.length = 0;
    desk.handle({ type: "read", id: 1 });
    while (!messages.some(({ type }) => type === "read")) await Bun.sleep(1);
    const reading = messages.find((message) => message.type === "reading");
    const [[, amount] = []] = fromPosted(reading?.amounts ?? []);
    return { isComplete: reading?.isComplete, costUsd: amount?.costUsd };
  };
  expect(await read()).toEqual({ isComplete: true, costUsd: 20 });
  await queryOnce(url, "ALTER TABLE usage_daily RENAME TO elsewhere");
  expect(await read()).toEqual({ isComplete: false, costUsd: 20 });
  setSystemTime(Date.now() + DAY_MS);
  try {
    expect(await read()).toEqual({ isComplete: false, costUsd: 0 });
  } finally {
    setSystemTime();
  }
  desk.handle({ type: "close", timeoutMs: 1_000 });
  while (!messages.some(({ type }) => type === "closed")) await Bun.sleep(1);
});

test("while the database can't be reached, one's own counts, and check says stale", async () => {
  const nowhere = "postgres://someone:a-password@127.0.0.1:1/nowhere";
  const path = join(folder, "alone.db");
  const { logger } = await (async () => {
    await using app = await startBudgetApp(path, { budgets: BUDGETS });
    app.emit({ repo: "a", costUsd: 3 });
    return app;
  })();
  const alone = createApp({ logger }).use(budgetPlugin, {
    dbPath: path,
    budgets: BUDGETS,
    shared: nowhere,
  });
  const budgets = alone.get(budgetPlugin);
  await budgets.refresh();
  expect(budgets.check(spender)).toMatchObject({ stale: true, budgets: [{ spentUsd: 3 }, {}, {}, {}] });
  expect(budgets.stats().lastError).toContain("127.0.0.1:1");
  expect(JSON.stringify([budgets.stats(), logger.lines])).not.toContain("a-password");
  await alone.close();
});
