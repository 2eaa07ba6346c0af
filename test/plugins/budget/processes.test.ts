import { expect, test } from "bun:test";
import { join } from "node:path";
import type { BudgetPluginOptions } from "../../../plugins/budget";
import { type BudgetApp, startBudgetApp } from "../../support/budgets";
import { read } from "../../support/ledger";
import { runScript } from "../../support/run-script";
import { tempDir } from "../../support/temp-dir";

const folder = tempDir();

/** What a process is told: it reads only when it asks for it. */
function optionsFor(dbPath: string, limitUsd: number): BudgetPluginOptions {
  return { dbPath, budgets: [{ name: "all", limitUsd, per: "month" }], readIntervalMs: 3_600_000 };
}

test("8 processes that reserve before they spend go beyond the limit by one reservation of each other at most", async () => {
  const dbPath = join(folder, "eight.db");
  const limit = 60;
  const options = JSON.stringify(optionsFor(dbPath, limit));
  const results = await Promise.all(
    Array.from({ length: 8 }, () => runScript("budget-spender.ts", [options, "spends", "1"])),
  );
  expect(results.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
    Array(8).fill({ exitCode: 0, stderr: "" }),
  );
  const [{ spent } = {}] = read<{ spent: number }>(dbPath, "SELECT sum(cost_usd) spent FROM executions");
  expect(spent).toBe(results.reduce((sum, { stdout }) => sum + Number(stdout), 0));
  expect(spent).toBeWithin(limit, limit + 7 + 1);
});

test("what another process spent counts after the next reading, and readings come by themselves", async () => {
  const dbPath = join(folder, "two.db");
  const spend = (usd: number) =>
    runScript("budget-spender.ts", [JSON.stringify(given), "is killed before it reads", `${usd}`]);
  const given = optionsFor(dbPath, 100);
  const { dbPath: _, ...options } = given;
  await using seldom = await startBudgetApp(dbPath, options);
  await using usual = await startBudgetApp(dbPath, { ...options, readIntervalMs: undefined });
  const spent = ({ budgets }: BudgetApp) => budgets.states()[0]?.spentUsd;
  for (const [usd, total] of [
    [6, 6],
    [2, 8],
  ] as const) {
    await spend(usd);
    expect(spent(seldom)).toBe(total - usd);
    await seldom.budgets.refresh();
    expect(spent(seldom)).toBe(total);
    while (spent(usual) !== total) await Bun.sleep(5);
  }
});

test("each threshold is told once, also when a process is killed between the commit and the event", async () => {
  const dbPath = join(folder, "killed.db");
  const options = optionsFor(dbPath, 10);
  const run = (does: string, amount: number) =>
    runScript("budget-spender.ts", [JSON.stringify(options), does, `${amount}`]);
  const told = async () => {
    const { dbPath: _, ...given } = options;
    await using app = await startBudgetApp(dbPath, given);
    await app.settle();
    return app.payloads.map(({ share, id }) => `${share} ${id}`);
  };
  expect(await run("is killed before it reads", 6)).toMatchObject({ signalCode: "SIGKILL", stdout: "" });
  const first = await told();
  expect(first).toEqual([expect.stringMatching(/^0\.5 [0-9a-f]{32}$/)]);
  expect(await told()).toEqual([]);

  // Killed before it could note that it told: it is told again, under the same id.
  const killed = await run("is killed while it tells", 3);
  expect(killed.signalCode).toBe("SIGKILL");
  expect(killed.stdout).toStartWith("0.8 ");
  expect(await told()).toEqual([killed.stdout.trim()]);
  expect(await told()).toEqual([]);
});
