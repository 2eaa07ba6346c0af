import { afterAll, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BudgetReport } from "../../src/budget/budget-report";
import type { RunledgerConfig } from "../../src/budget/options";
import { createTelemetryStore } from "../../src/ledger/store";
import { DAY_MS } from "../../src/record/time";
import { executionCompleted } from "../../src/testing";
import { pageOf, shownCommands } from "../support/docs";
import { runCli } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";

/** A Friday; in Kiribati it is Saturday. */
const NOW = Date.parse("2026-11-27T15:30:00Z");
const folder = tempDir();
const ledger = join(folder, "data", "telemetry.db");
const REPOS = ["lighthouse/beacon", "lighthouse/keeper", "lighthouse/foghorn"];

beforeAll(() => {
  setSystemTime(NOW);
  mkdirSync(join(folder, "data"));
  using store = createTelemetryStore({ dbPath: ledger });
  // From the last week of September on every day costs 9, 3 and 1 dollars; so much more of one on the last two.
  for (let day = Date.parse("2026-09-24T12:00Z"); day <= NOW; day += DAY_MS) {
    store.recordMany(
      REPOS.map((repo, index) =>
        executionCompleted({
          repo,
          completedAt: day,
          costUsd: 9 / 3 ** index,
          eventType: "pull_request.opened",
        }),
      ),
    );
  }
  store.record(executionCompleted({ repo: "lighthouse/keeper", completedAt: NOW - 60_000, costUsd: 38.5 }));
  store.record(executionCompleted({ repo: "lighthouse/foghorn", completedAt: NOW - 60_000, costUsd: null }));
});
afterAll(() => setSystemTime());

let configs = 0;
function config(content: Partial<RunledgerConfig> | string): string {
  configs += 1;
  const path = join(folder, `${configs}.config.ts`);
  writeFileSync(path, typeof content === "string" ? content : `export default ${JSON.stringify(content)};`);
  return path;
}

async function budget(content: RunledgerConfig | string, ...args: readonly string[]) {
  return runCli(["budget", "--config", config(content), ...args]);
}

async function report(content: RunledgerConfig, ...args: readonly string[]): Promise<BudgetReport> {
  const { out } = await budget(content, "--json", ...args);
  return JSON.parse(out);
}

describe("runledger budget", () => {
  test("prints what docs/budgets.md shows", async () => {
    const content: RunledgerConfig = {
      dbPath: "./data/telemetry.db",
      budgets: [
        { name: "all", limitUsd: 500, per: "month" },
        { name: "each repo", limitUsd: 40, per: "day", each: "repo" },
      ],
    };
    const path = config(content);
    const { out, exitCode, err } = await runCli(["budget", "--config", path], { columns: 100 });
    const shown = new Map(shownCommands(pageOf("docs/budgets.md")));
    expect(out.replace(`${folder}/`, "./").replaceAll("\n\n", "\n")).toBe(
      `${shown.get("COLUMNS=100 runledger budget")}`,
    );
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: "" });
  });

  test("projects the end of the period by the same weekdays, and finds the day on which the limit is reached", async () => {
    const { budgets } = await report({
      dbPath: ledger,
      budgets: [
        // 26 days at 13, today with 51.5, and three days of 13 are left.
        { name: "month", limitUsd: 410, per: "month" },
        { name: "week", limitUsd: 60, per: "week" },
        { name: "day", limitUsd: 51.5, per: "day" },
        { name: "a later day", limitUsd: 13, per: "day", timeZone: "Pacific/Kiritimati" },
        { name: "not reached", limitUsd: 429, per: "month" },
      ],
    });
    const facts = budgets.map(({ budget, spentUsd, projectedUsd, reachedOn, exceeded }) => ({
      budget,
      spentUsd,
      projectedUsd,
      reachedOn,
      exceeded,
    }));
    expect(facts).toEqual([
      { budget: "month", spentUsd: 389.5, projectedUsd: 428.5, reachedOn: "2026-11-29", exceeded: false },
      { budget: "week", spentUsd: 103.5, projectedUsd: 129.5, reachedOn: "2026-11-27", exceeded: true },
      { budget: "day", spentUsd: 51.5, projectedUsd: 51.5, reachedOn: "2026-11-27", exceeded: false },
      { budget: "a later day", spentUsd: 51.5, projectedUsd: 51.5, reachedOn: "2026-11-28", exceeded: true },
      { budget: "not reached", spentUsd: 389.5, projectedUsd: 428.5, reachedOn: null, exceeded: false },
    ]);
  });

  test("shows the values of each that spent most; JSON has all unless --limit says otherwise", async () => {
    const content: RunledgerConfig = {
      dbPath: ledger,
      budgets: [{ name: "r", limitUsd: 1_000, per: "day", each: "repo" }],
    };
    const values = async (...args: readonly string[]) =>
      (await report(content, ...args)).budgets.map(({ value, spentUsd }) => [value, spentUsd]);
    expect(await values()).toEqual([
      ["lighthouse/keeper", 41.5],
      ["lighthouse/beacon", 9],
      ["lighthouse/foghorn", 1],
    ]);
    expect(await values("--limit", "1")).toEqual([["lighthouse/keeper", 41.5]]);
    const { out, exitCode } = await budget(content, "--limit", "2");
    expect(out).not.toContain("foghorn");
    expect(exitCode).toBe(0);
  });

  test("a value with a star in it is that value alone", async () => {
    const dbPath = join(folder, "stars.db");
    {
      using store = createTelemetryStore({ dbPath });
      store.recordMany([
        executionCompleted({ repo: "a*", completedAt: NOW - 60_000, costUsd: 1 }),
        executionCompleted({ repo: "ab", completedAt: NOW - 60_000, costUsd: 9 }),
      ]);
    }
    const { budgets } = await report({
      dbPath,
      budgets: [
        { name: "each", limitUsd: 5, per: "day", each: "repo" },
        { name: "one", limitUsd: 5, per: "day", match: { repo: "a[*]" } },
      ],
    });
    expect(budgets.map(({ value, spentUsd, reachedOn }) => [value, spentUsd, reachedOn])).toEqual([
      ["ab", 9, "2026-11-27"],
      ["a*", 1, null],
      [null, 1, null],
    ]);
  });

  test("counts unknown costs, and an amount for each where one is given", async () => {
    const budgets = [{ name: "f", limitUsd: 10, per: "day", match: { repo: "*/foghorn" } }] as const;
    const without = await report({ dbPath: ledger, budgets });
    expect(without.budgets).toMatchObject([{ spentUsd: 1, unknownCosts: 1 }]);
    const counted = await report({ dbPath: ledger, budgets, unknownCostUsd: 2.5 });
    expect(counted.budgets).toMatchObject([{ spentUsd: 3.5, unknownCosts: 1 }]);
    const { out } = await budget({ dbPath: ledger, budgets });
    expect(out).toContain("1 execution without a cost: f.\n");
  });

  test("of a budget per execution, the costliest execution of today counts", async () => {
    const { budgets } = await report({
      dbPath: ledger,
      budgets: [
        { name: "one", limitUsd: 30, per: "execution" },
        { name: "of another", limitUsd: 30, per: "execution", match: { repo: "lighthouse/beacon" } },
      ],
    });
    expect(budgets.map(({ spentUsd, exceeded }) => [spentUsd, exceeded])).toEqual([
      [38.5, true],
      [9, false],
    ]);
  });

  test("says that too little is known for a projection", async () => {
    const path = join(folder, "young.db");
    createTelemetryStore({ dbPath: path }).close();
    const { out, exitCode } = await budget(
      { budgets: [{ name: "a", limitUsd: 1, per: "week" }] },
      "--db",
      path,
    );
    expect(exitCode).toBe(0);
    expect(out).toContain("There are 0 days before today to go by; a forecast takes 14.\n");
  });

  test.each([
    ["a file that is not there", "nowhere.ts", "There is no configuration file"],
    ["no code", config("export default {"), "can't be loaded"],
    ["no default export", config("export const budgets = [];"), "expected a default export, received none."],
    ["an unknown option", config({ budgets: [], nonsense: 1 } as object), "nonsense: unknown"],
    ["no budgets", config({ budgets: [] }), "budgets: expected one budget or more, received an array"],
  ])("%s: exit code 2 and one line", async (_, path, message) => {
    const { out, err, exitCode } = await runCli(["budget", "--config", path]);
    expect({ out, exitCode }).toEqual({ out: "", exitCode: 2 });
    expect(err).toContain(message);
    expect(err).toMatch(/^runledger: [^\n]+\n$/);
  });
});
