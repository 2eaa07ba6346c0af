import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BudgetReport } from "../../src/budget/budget-report";
import { parseDashboardOptions } from "../../src/dashboard/options";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { dashboardOn } from "../support/dashboard";
import { commandLine } from "../support/dist";
import { runCli } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const folder = tempDir();
const db = join(folder, "telemetry.db");
const budgets = {
  budgets: [
    { name: "all", limitUsd: 10, per: "month" },
    { name: 'each "repo"', limitUsd: 5, per: "day", each: "repo" },
  ],
  unknownCostUsd: 1,
} as const;
{
  using store = createTelemetryStore({ dbPath: db });
  store.recordMany([
    executionCompleted({ repo: "a", costUsd: 6 }),
    executionCompleted({ repo: "b", costUsd: null }),
  ]);
}

test("api/budgets answers as the command line prints them", async () => {
  await using dashboard = dashboardOn(db, { budgets });
  const answer = await dashboard.json("/api/budgets");
  const config = join(folder, "runledger.config.ts");
  writeFileSync(config, `export default ${JSON.stringify(budgets)};`);
  const { out, exitCode } = await runCli(["budget", "--config", config, "--db", db, "--json"]);
  expect(exitCode).toBe(1);
  expect({ ...answer, generatedAt: "" }).toEqual({ ...JSON.parse(out), generatedAt: "" });
  expect((await dashboard.json("/api/budgets?limit=1")).budgets).toHaveLength(2);
});

test("runledger dashboard shows the budgets of the configuration file, as runledger budget prints them", async () => {
  const project = tempDir();
  writeFileSync(
    join(project, "runledger.config.ts"),
    `export default ${JSON.stringify({ ...budgets, dbPath: db })};`,
  );
  const env = { ...process.env, TELEMETRY_DB_PATH: "" };
  const start = (...args: readonly string[]) =>
    Bun.spawn([process.execPath, commandLine(), ...args], { cwd: project, env, stdout: "pipe" });
  const dashboard = start("dashboard", "--port", "0");
  try {
    let printed = "";
    const decoder = new TextDecoder();
    for await (const part of dashboard.stdout) {
      printed += decoder.decode(part);
      if (printed.includes("Ctrl-C")) break;
    }
    const [url = ""] = /http:\S+/.exec(printed) ?? [];
    const shown = (await (await fetch(`${url}api/budgets?limit=8`)).json()) as BudgetReport;
    const budget = start("budget", "--json", "--limit", "8");
    const expected: BudgetReport = JSON.parse(await new Response(budget.stdout).text());
    expect(shown.budgets).toHaveLength(3);
    expect({ ...shown, generatedAt: "" }).toEqual({ ...expected, generatedAt: "" });
  } finally {
    dashboard.kill("SIGINT");
    await dashboard.exited;
  }
});

test("metrics say what is spent of each, and its limit; without budgets nothing", async () => {
  await using dashboard = dashboardOn(db, { budgets });
  const text = await (await dashboard.fetch("/metrics")).text();
  expect(text.split("\n").filter((line) => line.startsWith("runledger_budget_spent_usd"))).toEqual([
    'runledger_budget_spent_usd{budget="all",value=""} 7',
    'runledger_budget_spent_usd{budget="each \\"repo\\"",value="a"} 6',
    'runledger_budget_spent_usd{budget="each \\"repo\\"",value="b"} 1',
  ]);
  expect(text).toContain('\nrunledger_budget_limit_usd{budget="all",value=""} 10\n');
  await using without = dashboardOn(db);
  expect((await without.json("/api/budgets")).budgets).toEqual([]);
  expect(await (await without.fetch("/metrics")).text()).not.toContain("budget");
});

test("budgets that are wrong are refused", async () => {
  const error = await thrownBy(() => parseDashboardOptions({ budgets: { budgets: [] } }));
  expect(error).toMatchObject({ code: "INVALID_OPTION" });
  expect(error.message).toContain("dashboard: budgets: budgets: expected one budget or more");
});
