import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { type BudgetReport, budgetReport } from "../../../src/budget/budget-report";
import type { BudgetOptions } from "../../../src/budget/types";
import { money, orUnknown } from "../../../src/dashboard/page/figures";
import { createTelemetryStore } from "../../../src/ledger/store";
import { patternOf } from "../../../src/name-pattern";
import { openLedger } from "../../../src/report/database/open-ledger";
import { printedExecution } from "../../../src/report/execution-record";
import { executionsOf } from "../../../src/report/executions";
import { forecast } from "../../../src/report/forecast";
import { toReportJson } from "../../../src/report/format/json";
import { formatDuration, formatShare } from "../../../src/report/format/values";
import { summaryReport } from "../../../src/report/summary-report";
import type { ExecutionFilter, Usage } from "../../../src/report/types";
import { usageReport } from "../../../src/report/usage-report";
import type { ApplicationState } from "../../../src/running-plugins";
import { executionCompleted } from "../../../src/testing";
import { LOCALE, startBrowser } from "../../support/browser";
import { makeDashboardLedger } from "../../support/dashboard-ledger";
import { type ListeningDashboard, serveDashboard } from "../../support/dashboard-server";
import { tries } from "../../support/effort";
import { tempDir } from "../../support/temp-dir";

// What only a browser shows. One browser and one page for all of it: what is to be seen is waited for, not timed.

const REAL = resolve(import.meta.dir, "../../../../shared/data/executions.jsonl");
const folder = tempDir();
const demo = join(folder, "demo.db");
const real = join(folder, "real.db");
/** Names that are text, wherever they stand. */
const HOSTILE = [
  "<img src=x onerror=globalThis.broken=1>",
  '"><script>globalThis.broken=1</script>',
  "=cmd|'/c calc'!A1",
];
const BUDGETS: BudgetOptions = {
  budgets: [
    { name: HOSTILE[0] ?? "", limitUsd: 20_000, per: "month", timeZone: "Europe/Berlin" },
    { name: "teams", limitUsd: 2, per: "week", each: "label:team" },
    { name: "a run", limitUsd: 5, per: "execution" },
  ],
};
const RECORDER: ApplicationState["telemetry"][0] = {
  ...{ received: 1_234, written: 1_200, duplicates: 9, rejected: 5, failed: 0, spilled: 16, dropped: 0 },
  ...{ queued: 4, inFlight: 2, takenIn: 3, restarts: 0, lastFlushMs: 1.5, lastError: undefined },
  state: "open",
};
/** How the application says that its plugins are. */
let application: ApplicationState = { telemetry: [RECORDER], forwarding: [], reserved: [] };
const OPTIONS = { budgets: BUDGETS, application: () => application };
const [EVENT_SOURCE_OPEN, EVENT_SOURCE_CLOSED] = [1, 2];
const WAIT = { timeout: 240_000 };

let browser: Browser;
let page: Page;
let dashboard: ListeningDashboard;
let url = "";
/** What the page asked of others, and errors of its own. */
const strays: string[] = [];

beforeAll(async () => {
  makeDashboardLedger(demo, Date.now());
  using store = createTelemetryStore({ dbPath: demo });
  store.recordMany(
    HOSTILE.map((name, index) =>
      executionCompleted({
        executionId: `hostile-${index}`,
        repo: name,
        model: name,
        eventType: name,
        conclusion: name,
        sessionId: name,
        labels: { team: name },
        costUsd: 90 + index,
      }),
    ),
  );
  store.recordMany([
    executionCompleted({ executionId: "star", repo: "stars/*", costUsd: 300 }),
    executionCompleted({ executionId: "no-star", repo: "stars/and more", costUsd: 200 }),
  ]);
  store.recordIncident({ kind: "rejected", reason: HOSTILE[0] ?? "", payload: HOSTILE[1] });
  [browser, dashboard] = await Promise.all([startBrowser(), serveDashboard(demo, 0, OPTIONS)]);
  url = dashboard.url;
  page = await browser.newPage({ locale: LOCALE, viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(WAIT.timeout);
  page.on("request", (request) => {
    if (!request.url().startsWith("http://127.0.0.1:")) strays.push(request.url());
  });
  page.on("pageerror", (error) => strays.push(String(error)));
  page.on("console", (message) => {
    // What could not be loaded is looked at below.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      strays.push(message.text());
    }
  });
  page.on("response", (response) => {
    const isOfPage = !new URL(response.url()).pathname.startsWith("/api/");
    if (isOfPage && response.status() >= 400) strays.push(`${response.status()} ${response.url()}`);
  });
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await dashboard?.close();
});

/** Shows another state without loading the page again, as going back and forth does. */
async function show(search: string): Promise<void> {
  await page.evaluate((next) => {
    history.pushState(undefined, "", `./${next}`);
    dispatchEvent(new PopStateEvent("popstate"));
  }, search);
}

/** Nothing moves any more: all that was asked for is there. */
async function settled(): Promise<void> {
  await page.locator("figure canvas, tr[data-id], .findings li, .empty").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".waiting, .old") === null, undefined, WAIT);
}

/** The figures on the overview, by the fields of a report. */
const figuresOf = () =>
  page.$$eval("[data-figure]", (elements) =>
    Object.fromEntries(
      elements.map((element) => {
        const value = element.getAttribute("data-value");
        return [element.getAttribute("data-figure"), value === null ? null : Number(value)];
      }),
    ),
  );

const CARD_FIELDS = [
  "costUsd",
  "costPerSuccessUsd",
  "executions",
  "failureRate",
  "cacheHitShare",
  "p95DurationMs",
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheCreationTokens",
] as const;

/** What `runledger report --by day --json` prints, of the period that the page shows by itself unless the filter says otherwise. */
async function reportOf(db: string, filter: ExecutionFilter = {}) {
  await using ledger = await openLedger(db);
  const asked = { since: daysAgo(30), until: daysAgo(-1), ...filter };
  return toReportJson(await usageReport(ledger, { ...asked, by: ["day"] }), {});
}

/** Waits until the cards show a report's totals, and compares them. */
async function expectFigures(totals: Usage): Promise<void> {
  await page.waitForFunction(
    (cost) => document.querySelector('[data-figure="costUsd"]')?.getAttribute("data-value") === cost,
    `${totals.costUsd}`,
    WAIT,
  );
  const shown = await figuresOf();
  // Unknown is not zero.
  const isUnknown = (field: string) => field.endsWith("Tokens") && totals.withoutUsage === totals.executions;
  const expected = CARD_FIELDS.map((field) => [field, isUnknown(field) ? null : totals[field]]);
  expect(CARD_FIELDS.map((field) => [field, shown[field]])).toEqual(expected);
}

test("loads, and its figures are those of runledger report", async () => {
  await page.goto(url);
  const { totals } = await reportOf(demo);
  await expectFigures(totals);
  expect(await page.textContent('[data-figure="costUsd"]')).toBe(
    `$${totals.costUsd.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`,
  );
  expect(await page.title()).toBe("Runledger");
});

test("the changes add up to the difference", async () => {
  for (const by of ["repo", "model", "label:team"]) {
    await show(`?changes=${by}`);
    await page.waitForFunction(
      (key) =>
        document
          .querySelector(".changes thead th")
          ?.textContent?.replace(/ /, ":")
          .startsWith(key.slice(0, 4)),
      by,
      WAIT,
    );
    const parts = await page.$$eval(".changes [data-difference]", (rows) =>
      rows.map((row) => Number(row.getAttribute("data-difference"))),
    );
    const { differenceUsd = Number.NaN } = await figuresOf();
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(differenceUsd ?? Number.NaN, 6);
  }
});

test("a model filters when it is clicked, the URL says so, and back restores", async () => {
  await show("");
  await page.click('.top [data-name="gpt-5.1"] button');
  await page.waitForURL(/\?model=gpt-5\.1$/);
  await expectFigures((await reportOf(demo, { model: "gpt-5.1" })).totals);
  await page.goBack();
  await page.waitForURL((at) => at.search === "");
  await expectFigures((await reportOf(demo)).totals);
});

test("a pull request and a session filter when they are clicked, and a chip takes them away", async () => {
  await show("?period=7d");
  const week = { since: daysAgo(7), until: daysAgo(-1) };
  for (const [title, by, field] of [
    ["Pull requests", "pr", "pullRequest"],
    ["Sessions", "session", "session"],
  ] as const) {
    const row = page.locator(".top", { hasText: title }).locator("[data-name]").first();
    const name = (await row.getAttribute("data-name")) ?? "";
    await row.getByRole("button").click();
    await page.waitForURL((at) => at.searchParams.get(by) === patternOf(name));
    const { totals } = await reportOf(demo, { ...week, [field]: patternOf(name) });
    expect(totals.executions).toBeGreaterThan(0);
    await expectFigures(totals);
    await page.locator(".chips button", { hasText: patternOf(name) }).click();
    await page.waitForURL((at) => at.searchParams.get(by) === null);
    await expectFigures((await reportOf(demo, week)).totals);
  }
  await show("?period=7d&open=demo-3-2");
  const facts = page.locator("dialog .facts");
  const session = await facts
    .locator("div", { hasText: /^session/ })
    .locator("dd")
    .textContent();
  await page.locator("dialog p", { hasText: "Filter by it" }).first().getByRole("button").click();
  await page.waitForURL((at) => at.searchParams.get("session") === session);
  await expectFigures((await reportOf(demo, { ...week, session: session ?? "" })).totals);
});

test("a name with a star in it filters by itself alone", async () => {
  await show("");
  await page.click('.top [data-name="stars/*"] button');
  await page.waitForURL((at) => at.searchParams.get("repo") === "stars/[*]");
  await expectFigures((await reportOf(demo, { repo: "stars/[*]" })).totals);
  expect((await figuresOf())["executions"]).toBe(1);
});

test("budgets are shown as they stand, whatever the filters; none where there are none", async () => {
  await using ledger = await openLedger(demo);
  const { budgets } = await budgetReport(ledger, BUDGETS, 8);
  expect(budgets.length).toBeGreaterThan(4);
  const [{ budget = "" } = {}] = budgets;
  application = { ...application, reserved: [{ budget, value: null, reservedUsd: 12.5 }] };
  await page.goto(`${url}?model=gpt-5.1&period=90d`);
  const rows = page.locator(".budgets tbody tr");
  await rows.first().waitFor();
  const shown = await rows.evaluateAll((all) =>
    all.map((row) => ({
      budget: JSON.parse(row.getAttribute("data-budget") ?? "") as unknown,
      bar: row.querySelector<HTMLElement>(".gauge > span")?.style.width,
      isExceeded: row.textContent?.includes("exceeded"),
      cells: Array.from(row.querySelectorAll("td"), (cell) => cell.textContent ?? ""),
    })),
  );
  expect(shown).toEqual(
    budgets.map(({ budget, value, share, exceeded, ...entry }, index) => ({
      budget: [budget, value],
      bar: expect.stringMatching(/^[\d.]+%$/),
      isExceeded: exceeded,
      cells: [
        `${money(entry.spentUsd)} ${formatShare(share)}`,
        money(index === 0 ? 12.5 : 0),
        money(entry.limitUsd),
        money(entry.remainingUsd),
        lastDayOf(entry),
        orUnknown(entry.projectedUsd, money),
        entry.reachedOn ?? "–",
      ],
    })),
  );
  for (const [index, { share }] of budgets.entries())
    expect(Number.parseFloat(shown[index]?.bar ?? "")).toBeCloseTo(Math.min(1, share) * 100, 3);
  await using without = await serveDashboard(demo);
  expect(await (await fetch(`${without.url}api/budgets`)).json()).toMatchObject({ budgets: [] });
  await page.goto(without.url);
  await settled();
  await page.locator(".top").first().waitFor();
  expect(await page.locator(".budgets").count()).toBe(0);
  await page.goto(url);
});

test("health shows what the application's plugins say of themselves, and what is wrong with them", async () => {
  await show("?view=health");
  const panel = page.locator(".application");
  await panel.waitFor();
  expect(await panel.locator("li").textContent()).toContain(
    "recorder open: 1,234 received, 1,200 written, 9 duplicates, 5 rejected, 0 failed, 4 queued, 16 spilled, 0 dropped",
  );
  application = {
    ...application,
    telemetry: [{ ...RECORDER, state: "degraded", lastError: "the disk is full <b>" }],
    forwarding: [
      {
        ...{
          target: "db.internal/runledger",
          forwarded: 7,
          duplicates: 1,
          rejected: 0,
          incidents: 0,
          behind: 12,
        },
        ...{ lastError: undefined, restarts: 0 },
        state: "open",
      },
    ],
  };
  // It asks again by itself: nothing was recorded.
  await panel.locator("li.problem").waitFor();
  expect(await panel.locator("li").allTextContents()).toEqual([
    expect.stringMatching(/problem: recorder degraded: .*Last error: the disk is full <b>$/),
    expect.stringContaining("forwarding to db.internal/runledger open: 12 behind, 7 forwarded"),
  ]);
  await page.goto(`${url}?view=health`);
  await page.locator(".badge").waitFor();
});

/** The last day of a period as `runledger budget` has it; of one per execution there is none. */
function lastDayOf({
  per,
  period,
  timeZone,
}: Pick<BudgetReport["budgets"][0], "per" | "period" | "timeZone">) {
  if (per === "execution") return "each run";
  const lastMs = Date.parse(period.until ?? "") - 1;
  return new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short" }).format(lastMs);
}

test("a drag selects a period, and so do keys", async () => {
  await show("");
  const plot = page.locator(".plot").first();
  const over = plot.locator(".u-over");
  await settled();
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  if (box === null) throw new Error("the chart is not there");
  await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=\d{4}-\d{2}-\d{2}&to=\d{4}-\d{2}-\d{2}/);
  const dragged = new URL(page.url()).searchParams;
  const [from = "", to = ""] = [dragged.get("from") ?? "", dragged.get("to") ?? ""];
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000;
  expect(days).toBeGreaterThan(5);
  expect(days).toBeLessThan(11);

  await show("");
  await settled();
  await plot.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Enter");
  const today = new Date().toISOString().slice(0, 10);
  await page.waitForURL(new RegExp(`to=${today}`));
  const chosen = new URL(page.url()).searchParams;
  expect((Date.parse(chosen.get("to") ?? "") - Date.parse(chosen.get("from") ?? "")) / 86_400_000).toBe(2);
});

/** The rows of the table under a chart, without its head. */
const tableOf = (title: string) =>
  page
    .locator("figure", { has: page.locator("h3", { hasText: title }) })
    .locator("table tr")
    .evaluateAll((rows) => rows.map((row) => Array.from(row.children, (cell) => cell.textContent ?? "")));

test("each chart's table has the figures of its report", async () => {
  await show("?period=7d");
  await settled();
  const week = { since: daysAgo(7), until: daysAgo(-1) };
  await using ledger = await openLedger(demo);
  const { groups, subtotals } = await usageReport(ledger, { ...week, by: ["day", "model"] });
  const models = (subtotals?.model ?? []).map(({ model = "" }) => model);
  const [top, others] = [models.slice(0, 6), models.slice(6)];
  const costOf = (day: string, some: readonly string[]) =>
    groups
      .filter((group) => group.day === day && some.includes(group.model ?? ""))
      .reduce((sum, { costUsd }) => sum + costUsd, 0);
  const days = Array.from({ length: 8 }, (_, index) => daysAgo(7 - index));
  expect(await tableOf("Cost by day and model")).toEqual([
    ["day", ...top, "others"],
    ...days.map((day) => [
      day,
      ...[...top.map((name) => [name]), others].map((some) => money(costOf(day, some))),
    ]),
  ]);

  const byDay = new Map(
    (await usageReport(ledger, { ...week, by: ["day"] })).groups.map((group) => [group.day, group]),
  );
  const duration = (ms: number | null | undefined) => orUnknown(ms, formatDuration);
  expect(await tableOf("Duration by day")).toEqual([
    ["day", "p95", "p50"],
    ...days.map((day) => [
      day,
      duration(byDay.get(day)?.p95DurationMs),
      duration(byDay.get(day)?.p50DurationMs),
    ]),
  ]);

  const { spentUsd, expectedUsd } = await forecast(ledger);
  const month = await tableOf("Month so far");
  expect(month[0]?.slice(0, 4)).toEqual(["day", "this month", "month before", "expected"]);
  expect(month.find(([day]) => day === daysAgo(0))?.[1]).toBe(money(spentUsd));
  expect(month.at(-1)?.[3]).toBe(money(expectedUsd ?? Number.NaN));
});

test("a chart says what is at its cursor, has all of it in a table, and hides what its legend says", async () => {
  await show("?period=7d");
  const report = await reportOf(demo, { since: daysAgo(7), until: daysAgo(-1) });
  const figure = page.locator("figure", { has: page.locator("h3", { hasText: "Executions by day" }) });
  await page.waitForFunction(
    (count) => document.querySelectorAll("figure:nth-of-type(1) tbody tr").length >= count,
    8,
    WAIT,
  );
  const rows = await figure
    .locator("table tbody tr")
    .evaluateAll((all) => all.map((row) => Array.from(row.children, (cell) => cell.textContent ?? "")));
  const byDay = new Map(report.groups.map((group) => [group.day, group]));
  expect(rows).toHaveLength(8);
  for (const [day = "", failed, others] of rows) {
    const { executions = 0, failures = 0 } = byDay.get(day) ?? {};
    expect({ day, failed, others }).toEqual({
      day,
      failed: `${failures}`,
      others: `${executions - failures}`,
    });
  }

  const plot = figure.locator(".plot");
  await plot.focus();
  await page.keyboard.press("Home");
  const first = rows[0] ?? [];
  const said = figure.locator('[aria-live="polite"]');
  await page.waitForFunction((element) => element?.textContent !== "", await said.elementHandle(), WAIT);
  expect(await said.textContent()).toContain(`did not fail ${first[2]}`);
  await page.keyboard.press("t");
  await figure.locator(".table-scroll").waitFor();
  const entry = figure.locator(".legend button").first();
  await entry.click();
  expect(await entry.getAttribute("aria-pressed")).toBe("false");
});

test("what is recorded appears by itself, and after the server was away", async () => {
  await show("?view=executions");
  const row = (id: string) => page.locator(`tr[data-id="${id}"]`);
  await page.locator(".live:not(.lost)").waitFor();
  await page.locator("tr[data-id]").first().waitFor();
  record("live-1");
  await row("live-1").waitFor();

  await dashboard.close();
  await page.locator(".live.lost").waitFor();
  // Old figures stay.
  expect(await row("live-1").count()).toBe(1);
  record("live-2");
  dashboard = await serveDashboard(demo, dashboard.port, OPTIONS);
  await page.locator(".live:not(.lost)").waitFor();
  await row("live-2").waitFor();
});

test("while much is recorded, what takes long is asked for less often", async () => {
  const asked: { readonly atMs: number; readonly tookMs: number }[] = [];
  await page.route("**/api/report?*by=day", async (route) => {
    const atMs = performance.now();
    await Bun.sleep(200);
    await route.continue();
    asked.push({ atMs, tookMs: performance.now() - atMs });
  });
  await show("");
  for (let count = 0; asked.length < 3; count += 1) {
    record(`busy-${count}`);
    await Bun.sleep(500);
  }
  await page.unroute("**/api/report?*by=day");
  const [, second = { atMs: 0, tookMs: 0 }, third = { atMs: 0 }] = asked;
  expect(third.atMs - second.atMs).toBeGreaterThan(9 * second.tookMs);
});

test("a page that nobody sees holds no connection, and hears of what was recorded when it is seen again", async () => {
  await using ofTwo = await browser.newContext({ locale: LOCALE });
  const other = await ofTwo.newPage();
  other.setDefaultTimeout(WAIT.timeout);
  await other.addInitScript(() => {
    const streams: EventSource[] = [];
    const Original = EventSource;
    Object.assign(globalThis, {
      streams,
      EventSource: class extends Original {
        constructor(url: string) {
          super(url);
          streams.push(this);
        }
      },
    });
  });
  const states = () =>
    other.evaluate(() =>
      (globalThis as unknown as { streams: EventSource[] }).streams.map(({ readyState }) => readyState),
    );
  const hide = (hidden: boolean) =>
    other.evaluate((isHidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await other.goto(`${url}?view=executions`);
  await other.locator(".live:not(.lost)").waitFor();
  await other.locator("tr[data-id]").first().waitFor();
  await hide(true);
  await other.locator(".live.lost", { hasText: "connecting" }).waitFor();
  expect(await states()).toEqual([EVENT_SOURCE_CLOSED]);
  record("while-hidden");
  await hide(false);
  await other.locator(".live:not(.lost)").waitFor();
  await other.locator('tr[data-id="while-hidden"]').waitFor();
  expect(await states()).toEqual([EVENT_SOURCE_CLOSED, EVENT_SOURCE_OPEN]);
});

test("what fails says so, old figures stay and are marked, and it is tried again", async () => {
  await show("");
  await settled();
  const before = await figuresOf();
  const error = {
    code: "TOO_SLOW",
    message: "This took more than 5 s, and was cut off.",
    hint: "Ask for less.",
  };
  await page.route("**/api/report?*by=day", (route) => route.fulfill({ status: 503, json: { error } }));
  record("while-it-fails");
  const problem = page.locator(".problem", { hasText: error.message }).first();
  await problem.waitFor();
  expect(await problem.textContent()).toContain("What is shown is from before.");
  expect((await figuresOf())["costUsd"]).toBe(before["costUsd"] ?? Number.NaN);
  expect(await page.locator(".old .cards").count()).toBe(1);
  await page.unroute("**/api/report?*by=day");
  await problem.getByRole("button", { name: "Try again" }).click();
  await expectFigures((await reportOf(demo)).totals);
  await settled();
});

test("executions come page by page; one opens, with the others of its session", async () => {
  await show("?view=executions&sort=cost&period=90d");
  const first = page.locator("tr[data-id]").first();
  await page.waitForFunction(() => document.querySelector("select")?.value !== "", undefined, WAIT);
  await using ledger = await openLedger(demo);
  const [costliest = []] = await Array.fromAsync(
    executionsOf(ledger, { since: daysAgo(90) }, { order: "cost", limit: 60 }),
  );
  const ids = costliest.map((row) => `${printedExecution(row).executionId}`);
  const shownIds = () => page.$$eval("tr[data-id]", (rows) => rows.map((row) => row.getAttribute("data-id")));
  await page.waitForFunction(
    (id) => document.querySelector("tr[data-id]")?.getAttribute("data-id") === id,
    ids[0],
    WAIT,
  );
  expect(await shownIds()).toEqual(ids.slice(0, 50));
  await page.click("text=Next");
  await page.waitForFunction(
    (id) => document.querySelector("tr[data-id]")?.getAttribute("data-id") === id,
    ids[50],
    WAIT,
  );
  expect((await shownIds()).slice(0, 10)).toEqual(ids.slice(50));
  const csv = await page.locator('a[download="executions.csv"]').getAttribute("href");
  const file = await (await fetch(new URL(csv ?? "", url))).text();
  expect(file.split("\r\n")[1]).toContain(`,${ids[50]},`);

  await show("?view=executions&open=demo-3-2");
  await page.locator("dialog.detail dd", { hasText: "demo-3-2" }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL((at) => !at.search.includes("open="));
  expect(await first.isVisible()).toBe(true);
});

test("everything is reached by keys", async () => {
  await show("");
  await page.locator("[data-figure]").first().waitFor();
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press("2");
  await page.waitForURL(/view=executions/);
  await page.keyboard.press("3");
  await page.locator(".findings li").first().waitFor();
  await page.keyboard.press("?");
  await page.locator("dialog.help").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog.help").waitFor({ state: "detached" });
  await page.keyboard.press("1");
  await page.locator("[data-figure]").first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("glm");
  await page.locator('[role="option"]', { hasText: "glm-4.6" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/model=glm-4\.6/);
  await expectFigures((await reportOf(demo, { model: "glm-4.6" })).totals);

  // Whatever takes a click takes the focus, in this order.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const missed = await page.evaluate(() => {
    const clickable = document.querySelectorAll<HTMLElement>(
      "button:not(:disabled), a[href], input, select, summary, .plot",
    );
    return Array.from(clickable)
      .filter((element) => element.checkVisibility())
      .filter((element) => {
        element.focus();
        return document.activeElement !== element;
      })
      .map((element) => element.outerHTML);
  });
  expect(missed).toEqual([]);
});

/** What axe finds that keeps people out. */
async function violations(): Promise<string[]> {
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] }),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
}

/** What stands out at the side of the page. */
const sideways = () =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** How far "What changed" is wider than its place: an amount that is cut off reads as a smaller one. */
const hiddenDigits = () =>
  page.evaluate(() =>
    Math.max(
      0,
      ...Array.from(
        document.querySelectorAll("table.changes"),
        (table) => table.scrollWidth - (table.parentElement?.clientWidth ?? 0),
      ),
    ),
  );

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  test.each([
    ["?period=7d&model=*", ".budgets tbody tr"],
    ["?view=executions", "tr[data-id]"],
    ["?view=health", ".findings li"],
    ["?view=executions&open=demo-3-2&repo=lighthouse/*", "dialog dd"],
    ["?model=nobody", ".empty"],
  ])("%s keeps nobody out, and fits", async (search, content) => {
    const width = colorScheme === "light" ? 390 : 1440;
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await show(search);
    await page.locator(content).first().waitFor();
    await settled();
    if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
    expect(await violations()).toEqual([]);
    for (const other of tries(0, 1) ? [1_440, 1_024, 768, 390] : [width]) {
      await page.setViewportSize({ width: other, height: 900 });
      expect({ width: other, sideways: await sideways() }).toEqual({ width: other, sideways: 0 });
      expect(await hiddenDigits()).toBe(0);
    }
  });
});

test("hostile names are text", async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  for (const view of ["", "?view=executions", "?view=health", "?view=executions&open=hostile-0"]) {
    await show(view);
    const [name = ""] = HOSTILE;
    await page.getByText(name, { exact: false }).first().waitFor({ state: "attached" });
  }
  expect(await page.evaluate(() => "broken" in globalThis)).toBe(false);
  expect(await page.locator("img, #app script").count()).toBe(0);
  const csv = await (await fetch(`${url}api/executions?format=csv&sort=cost&limit=5`)).text();
  expect(csv).toContain("'=cmd|'/c calc'!A1");
});

test.skipIf(!existsSync(REAL))(
  "figures of real executions, by random filters (skipped without ../shared/data)",
  async () => {
    {
      using store = createTelemetryStore({ dbPath: real });
      const lines = (await Bun.file(REAL).text()).trimEnd().split("\n");
      store.recordMany(lines.map((line) => JSON.parse(line)));
    }
    await using ofReal = await serveDashboard(real);
    await page.goto(`${ofReal.url}?period=all`);
    const all = { since: "2000-01-01", until: daysAgo(-1) };
    await expectFigures((await reportOf(real, all)).totals);
    await using ledger = await openLedger(real);
    const { groups } = await summaryReport(ledger, all);
    const some = (key: "repo" | "model" | "eventType") => {
      const names = groups[key];
      return names[Math.floor(Math.random() * names.length)]?.[key] ?? "";
    };
    for (let filter = 0; filter < tries(4, 20); filter += 1) {
      const chosen = [
        ["model", "model", some("model")],
        ["repo", "repo", some("repo")],
        ["conclusion", "conclusion", "f*"],
        ["event-type", "eventType", some("eventType")],
      ].filter(() => Math.random() < 0.5);
      const search = new URLSearchParams([
        ["period", "all"],
        ...chosen.map(([name = "", , value = ""]) => [name, value]),
      ]);
      const names = Object.fromEntries(chosen.map(([, field, value]) => [field, value]));
      const report = await reportOf(real, { ...all, ...names });
      await show(`?${search}`);
      if (report.totals.executions === 0) await page.locator(".empty").waitFor();
      else await expectFigures(report.totals);
    }
  },
);

test("an empty ledger says how it is filled, and a missing one too", async () => {
  const empty = join(folder, "empty.db");
  await using waiting = await serveDashboard(empty);
  await page.goto(waiting.url);
  await page.locator(".empty", { hasText: "There is no ledger yet" }).waitFor();
  createTelemetryStore({ dbPath: empty }).close();
  await page.locator(".empty", { hasText: "The ledger is empty" }).waitFor();
  expect(await page.textContent(".empty pre")).toContain("telemetryPlugin");
  using store = createTelemetryStore({ dbPath: empty });
  store.record(executionCompleted({ costUsd: 2 }));
  await expectFigures((await reportOf(empty)).totals);
});

test("it asked nobody else for anything, and nothing went wrong in it", () => {
  expect(strays).toEqual([]);
});

function record(executionId: string): void {
  using store = createTelemetryStore({ dbPath: demo });
  store.record(executionCompleted({ executionId, costUsd: 0.5 }));
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}
