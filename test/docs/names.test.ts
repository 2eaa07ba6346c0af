import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import * as runledger from "runledger";
import * as adapters from "runledger/adapters";
import * as budget from "runledger/budget";
import * as dashboard from "runledger/dashboard";
import * as forward from "runledger/forward";
import * as otel from "runledger/otel";
import * as report from "runledger/report";
import * as testing from "runledger/testing";
import { API_ERRORS } from "../../src/dashboard/api-error";
import { namesOf, pageOf, ROOT } from "../support/docs";

const textOf = (path: string) => Bun.file(join(ROOT, path)).text();

/** The members of an interface, by its source. */
async function membersOf(path: string, name: string): Promise<string[]> {
  const source = await textOf(path);
  const [, body = ""] = new RegExp(`export interface ${name}\\b[^{]*{\n(.*?)\n}`, "s").exec(source) ?? [];
  return Array.from(body.matchAll(/^ {2}(?:readonly )?(\w+)[?(<:]/gm), ([, member]) => member ?? "");
}

/** Those of the names that stand nowhere on the page as code. */
function missingFrom(page: string, names: readonly string[]): string[] {
  const text = pageOf(page);
  return names.filter((name) => !new RegExp(`\`[^\`\n]*\\b${name}\\b`).test(text));
}

describe("the documentation names, and describes as they are,", () => {
  test("every error code", () => {
    const documented = Array.from(
      pageOf("docs/errors.md").matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm),
      ([, code, meaning]) => [code, meaning],
    );
    expect(Object.fromEntries(documented)).toEqual(runledger.ERROR_CODES);
  });

  test.each([
    ["docs/record.md", "field | type", "src/record/types.ts", "ExecutionFields AmountsUsed OneModel"],
    ["docs/plugin.md", "option | default", "plugins/telemetry/options.ts", "TelemetryPluginOptions"],
    ["docs/plugin.md", "of `stats()`", "src/recorder/types.ts", "TelemetryStats"],
    ["docs/opentelemetry.md", "option of `otelPlugin`", "plugins/otel/options.ts", "OtelPluginOptions"],
    ["docs/opentelemetry.md", "of `stats()`", "plugins/otel/options.ts", "OtelStats"],
    ["docs/budgets.md", "field of a budget", "src/budget/types.ts", "Budget"],

    ["docs/budgets.md", "of `stats()`", "src/budget/types.ts", "BudgetStats"],
    ["docs/budgets.md", "of an alert", "src/app/events.ts", "BudgetAlert"],
    ["docs/reading.md", "table", "src/ledger/schema.ts", "LedgerSchema"],
    ["docs/reading.md", "column of `executions`", "src/ledger/schema.ts", "ExecutionsTable"],
    ["docs/reading.md", "column of `execution_models`", "src/ledger/schema.ts", "ExecutionModelsTable"],
    ["docs/reading.md", "column of `usage_daily`", "src/ledger/schema.ts", "UsageDailyTable"],
    ["docs/reading.md", "column of `usage_daily_labels`", "src/ledger/schema.ts", "UsageDailyLabelsTable"],
    ["docs/reading.md", "column of `incidents`", "src/ledger/schema.ts", "IncidentsTable"],
    ["docs/reading.md", "field of a filter", "src/report/types.ts", "NameFilter ExecutionFilter UsageFilter"],
  ])("in %s every entry of the table %s, and nothing else", async (page, header, path, names) => {
    const members = await Promise.all(names.split(" ").map((name) => membersOf(path, name)));
    expect(namesOf(pageOf(page), header).sort()).toEqual([...new Set(members.flat())].sort());
  });

  test.each([
    ["docs/plugin.md", "src/recorder/types.ts", "Telemetry"],
    ["docs/plugin.md", "src/recorder/types.ts", "TelemetryCloseReport"],
    ["docs/plugin.md", "src/app/create-app.ts", "AppOptions"],
    ["docs/plugin.md", "src/app/create-app.ts", "App"],
    ["docs/plugin.md", "src/ledger/store.ts", "TelemetryStoreOptions"],
    ["docs/plugin.md", "src/ledger/store.ts", "SqliteTelemetryStore"],
    ["docs/forwarding.md", "src/forward/options.ts", "ForwardOptions"],
    ["docs/forwarding.md", "src/forward/options.ts", "ForwardPluginOptions"],
    ["docs/forwarding.md", "src/forward/types.ts", "Forwarding"],
    ["docs/forwarding.md", "src/forward/types.ts", "ForwardingStats"],
    ["docs/forwarding.md", "src/forward/types.ts", "ForwardingCloseReport"],
    ["docs/forwarding.md", "src/forward/forward-session.ts", "ForwardCounts"],
    ["docs/opentelemetry.md", "plugins/otel/options.ts", "Otel"],
    ["docs/dashboard.md", "src/dashboard/options.ts", "DashboardPluginOptions"],
    ["docs/dashboard.md", "src/dashboard/types.ts", "Dashboard"],
    ["docs/dashboard.md", "src/dashboard/types.ts", "DashboardStats"],
    ["docs/budgets.md", "src/budget/options.ts", "BudgetPluginOptions"],
    ["docs/budgets.md", "src/budget/types.ts", "Budgets"],
    ["docs/budgets.md", "src/budget/types.ts", "BudgetOptions"],
    ["docs/budgets.md", "src/budget/types.ts", "BudgetMatch"],
    ["docs/budgets.md", "src/budget/types.ts", "BudgetCheck"],
    ["docs/budgets.md", "src/budget/types.ts", "BudgetState"],
    ["docs/budgets.md", "src/budget/types.ts", "BudgetHold"],
    ["docs/budgets.md", "src/budget/types.ts", "Spender"],
    ["docs/budgets.md", "src/budget/options.ts", "WebhookOptions"],
    ["docs/budgets.md", "src/budget/budget-report.ts", "BudgetReportEntry"],
    ["docs/reading.md", "src/ledger/schema.ts", "LedgerTable"],
    ["docs/reading.md", "src/ledger/schema.ts", "ForwardTargetsTable"],
    ["docs/reading.md", "src/report/database/ledger.ts", "Ledger"],
    ["docs/reading.md", "src/report/executions.ts", "ExecutionsOptions"],
    ["docs/prices.md", "src/prices/own-prices.ts", "ModelPrice"],
    ["docs/prices.md", "src/prices/price-list.ts", "PriceList"],
    ["docs/testing.md", "src/testing.ts", "FakeEmitter"],
  ])("in %s every member of %s %s", async (page, path, name) => {
    const members = await membersOf(path, name);
    expect(members.length).toBeGreaterThan(0);
    expect(missingFrom(page, members)).toEqual([]);
  });

  test("every error code of the dashboard, with its status", () => {
    const documented = Array.from(
      pageOf("docs/dashboard.md").matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm),
      ([, code, status]) => [code, Number(status)],
    );
    expect(Object.fromEntries(documented)).toEqual(API_ERRORS);
  });

  test("every path of the dashboard, and every metric", async () => {
    const [routes, metrics] = await Promise.all(
      ["questions.ts", "metrics.ts"].map((name) => textOf(`src/dashboard/${name}`)),
    );
    const paths = [
      ...new Set(Array.from((routes ?? "").matchAll(/"(\/(?:api\/)?[a-z]+)\/?"/g), ([, path = ""]) => path)),
    ];
    const names = Array.from((metrics ?? "").matchAll(/"(runledger_\w+)"/g), ([, name = ""]) => name);
    expect([paths.length, names.length]).toEqual([8, 9]);
    const page = pageOf("docs/dashboard.md");
    expect([...paths, ...names].filter((name) => !page.includes(`\`${name}`))).toEqual([]);
  });

  test("every table of PostgreSQL", async () => {
    const tables = await membersOf("src/postgres/schema.ts", "PostgresSchema");
    expect(tables.length).toBeGreaterThan(0);
    expect(missingFrom("docs/forwarding.md", tables)).toEqual([]);
  });

  test.each([
    ["runledger", Object.keys(runledger), ["docs/plugin.md", "docs/errors.md"]],
    ["runledger/adapters", Object.keys(adapters), ["docs/adapters.md", "docs/prices.md"]],
    ["runledger/testing", Object.keys(testing), ["docs/testing.md"]],
    ["runledger/report", Object.keys(report), ["docs/reading.md"]],
    ["runledger/forward", Object.keys(forward), ["docs/forwarding.md"]],
    ["runledger/otel", Object.keys(otel), ["docs/opentelemetry.md"]],
    ["runledger/dashboard", Object.keys(dashboard), ["docs/dashboard.md"]],
    ["runledger/budget", Object.keys(budget), ["docs/budgets.md"]],
  ])("every export of %s", (_, names, pages) => {
    const text = pages.map(pageOf).join("\n");
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });
});

test("CONTRIBUTING gives a reason for every dependency, and for nothing else", async () => {
  const { dependencies, devDependencies } = await Bun.file(join(ROOT, "package.json")).json();
  const [, table = ""] = (await textOf("CONTRIBUTING.md")).split("## Dependencies");
  const documented = Array.from(table.matchAll(/^\| \*?([@\w/-]+)\*? \|/gm), ([, name]) => name);
  expect(documented.filter((name) => name !== "package").sort() as unknown[]).toEqual(
    [...Object.keys(dependencies), ...Object.keys(devDependencies)].sort(),
  );
});
