import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { DashboardSupervisor } from "../../src/dashboard/dashboard-supervisor";
import { LedgerAccess } from "../../src/dashboard/ledger-access";
import { parseDashboardOptions } from "../../src/dashboard/options";
import { answerQuestion } from "../../src/dashboard/questions";
import { defaultLogger } from "../../src/logger";
import { DAY_MS } from "../../src/record/time";
import { placeOf } from "../../src/report/executions";
import { LOCALE, startBrowser } from "../../test/support/browser";
import { commandLine } from "../../test/support/dist";
import { startRunledger } from "../contenders/runledger";
import { eventSource } from "../events";
import { median } from "../results";
import type { Case, Measures } from "./case";
import type { ReadingFigure } from "./figure";

const MILLION = 1_000_000;
const VIEWERS = 50;
const PER_SECOND = 1_000;
const FAR_ROW = 0.9;
/** How long threads and viewers may take to start, before stalls count. */
const START_MS = 3_000;

const day = (ago: number) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);
const PERIOD = `since=${day(90)}&until=${day(-1)}`;
/** What the daily sums answer, and what needs the executions. */
const SUMS = [
  ["/api/report", PERIOD],
  ["/api/report", `${PERIOD}&by=day,model`],
  ["/api/changes", `since=${day(90)}`],
  ["/api/report", `since=${day(58)}&until=${day(-1)}&by=day&forecast=1`],
] as const;
const ROWS = { prMs: "by=pr&limit=9", sessionMs: "by=session&limit=9" } as const;

/** How long a dashboard on a large ledger takes, and what a dashboard costs its application. */
async function measureDashboard(dbPath: string, durationMs: number): Promise<Measures> {
  const access = new LedgerAccess({ db: dbPath });
  const time = async (path: string, search: string): Promise<number> => {
    const startMs = performance.now();
    await answerQuestion({ path, search }, { access, db: dbPath });
    return performance.now() - startMs;
  };
  const sums: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    for (const [path, search] of SUMS) sums.push(await time(path, search));
  }
  sums.sort((a, b) => a - b);
  const rows = { prMs: 0, sessionMs: 0 };
  for (const name of ["prMs", "sessionMs"] as const)
    rows[name] = await time("/api/costliest", `${PERIOD}&${ROWS[name]}`);
  const costliestMs = await time("/api/executions", `${PERIOD}&sort=cost&limit=8`);
  const page = (after: string) => time("/api/executions", `limit=50${after}`);
  const far = `&after=${encodeURIComponent(placeAt(dbPath, FAR_ROW))}`;
  const [first, last]: [number[], number[]] = [[], []];
  for (let round = 0; round < 25; round += 1) {
    first.push(await page(""));
    last.push(await page(far));
  }
  await access.close();
  return {
    firstFiguresMs: await measurePage(dbPath),
    sumsP50Ms: median(sums),
    sumsP95Ms: sums[Math.ceil(sums.length * 0.95) - 1] ?? Number.NaN,
    ...rows,
    costliestMs,
    firstPageMs: median(first),
    farPage: median(last) / median(first),
    memoryMb: await measureMemory(dbPath),
    ...(await measureStalls(dirname(dbPath), durationMs)),
  };
}

/** The place of the row at this fraction of all rows. */
function placeAt(dbPath: string, share: number): string {
  using database = new Database(dbPath, { readonly: true });
  const { count } = database
    .query<{ count: number }, []>("SELECT count(*) AS count FROM executions")
    .get() ?? { count: 0 };
  const row = database
    .query<{ id: number; created_at: string }, [number]>(
      "SELECT id, created_at FROM executions ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?",
    )
    .get(Math.floor(count * share));
  return placeOf("newest", row as unknown as Parameters<typeof placeOf>[1]);
}

/** From opening the page of the built package until a browser that has just started shows figures. */
async function measurePage(dbPath: string): Promise<number> {
  const server = Bun.spawn([process.execPath, commandLine(), "dashboard", "--db", dbPath, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { value } = await server.stdout.getReader().read();
  const [url = ""] = /http\S+/.exec(new TextDecoder().decode(value)) ?? [];
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ locale: LOCALE });
    const startMs = performance.now();
    await page.goto(url, { waitUntil: "commit" });
    await page.locator("[data-figure]").first().waitFor({ timeout: 60_000 });
    return performance.now() - startMs;
  } finally {
    await browser.close();
    server.kill();
    await server.exited;
  }
}

/** The memory of a dashboard's threads in this process, after it has answered. */
async function measureMemory(dbPath: string): Promise<number> {
  Bun.gc(true);
  const beforeBytes = process.memoryUsage.rss();
  await using dashboard = new DashboardSupervisor(
    parseDashboardOptions({ db: dbPath, port: 0 }),
    defaultLogger(),
  );
  const url = await dashboard.ready;
  await Promise.all(
    SUMS.map(async ([path, search]) => (await fetch(`${url.slice(0, -1)}${path}?${search}`)).text()),
  );
  return (process.memoryUsage.rss() - beforeBytes) / 1e6;
}

/** The longest pause of the host's event loop while it records, without a dashboard and with many viewers. */
async function measureStalls(folder: string, durationMs: number): Promise<Measures> {
  const order = Math.random() < 0.5 ? ([false, true] as const) : ([true, false] as const);
  const stalls = new Map<boolean, { longestMs: number; answers: number }>();
  for (const isWatched of order) stalls.set(isWatched, await measureStall(folder, durationMs, isWatched));
  const [alone, watched] = [stalls.get(false), stalls.get(true)];
  return {
    stallAloneMs: alone?.longestMs ?? Number.NaN,
    stallWatchedMs: watched?.longestMs ?? Number.NaN,
    answersPerSecond: (watched?.answers ?? 0) / ((START_MS + durationMs) / 1_000),
  };
}

async function measureStall(parent: string, durationMs: number, isWatched: boolean) {
  const folder = mkdtempSync(join(parent, "stall-"));
  const contender = await startRunledger(folder);
  const nextEvent = eventSource(20);
  const db = join(folder, "ledger.db");
  const dashboard = isWatched
    ? new DashboardSupervisor(parseDashboardOptions({ db, port: 0 }), defaultLogger())
    : undefined;
  const url = await dashboard?.ready;
  const viewers = url === undefined ? undefined : startViewers(url);
  let longestMs = 0;
  let events = 0;
  const startMs = performance.now();
  for (let lastMs = startMs; lastMs - startMs < START_MS + durationMs; ) {
    await Bun.sleep(1);
    const nowMs = performance.now();
    if (lastMs - startMs > START_MS) longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    for (const due = ((nowMs - startMs) / 1_000) * PER_SECOND; events < due; events += 1)
      contender.emit(nextEvent());
  }
  viewers?.stdin.end();
  const answers = viewers === undefined ? 0 : Number(await viewers.stdout.text());
  await dashboard?.close();
  // A lost event is an error.
  const stored = await contender.close();
  if (stored !== events) throw new Error(`${stored} of ${events} events were stored`);
  rmSync(folder, { recursive: true });
  return { longestMs, answers };
}

function startViewers(url: string) {
  return Bun.spawn([process.execPath, join(import.meta.dir, "../viewers.ts"), url, `${VIEWERS}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

export const dashboard: ReadingFigure = {
  title: `dashboard: of 90 days, in ms; the host's longest stall at ${PER_SECOND} events/s, alone and with ${VIEWERS} viewers`,
  columns: [
    "firstFiguresMs",
    "sumsP50Ms",
    "sumsP95Ms",
    "prMs",
    "sessionMs",
    "costliestMs",
    "firstPageMs",
    "farPage",
    "stallAloneMs",
    "stallWatchedMs",
    "answersPerSecond",
    "memoryMb",
  ],
  cases: (isQuick): readonly Case[] => [
    {
      contender: "runledger",
      repositories: 20,
      models: 5,
      labels: 3,
      rows: isQuick ? MILLION / 100 : MILLION,
    },
  ],
  pace: (isQuick) => ({ warmUpMs: 0, durationMs: isQuick ? 1_000 : 10_000 }),
  read: (dbPath, { durationMs }) => measureDashboard(dbPath, durationMs),
  targets: (results) =>
    results.cases().flatMap((trial) => {
      const limit = (name: string, column: string, most: number) => ({
        name,
        value: results.median(column, trial),
        limit: most,
        isUpperLimit: true,
      });
      return [
        limit("first figures on screen, ms", "firstFiguresMs", 1_000),
        limit("from sums per day, p95, ms", "sumsP95Ms", 50),
        limit("pull requests, ms", "prMs", 1_000),
        limit("sessions, ms", "sessionMs", 1_000),
        limit("costliest executions, ms", "costliestMs", 1_000),
        limit("page at nine tenths of the rows × the first", "farPage", 1.5),
        {
          name: `longest stall with ${VIEWERS} viewers × without a dashboard`,
          value: results.median("stallWatchedMs", trial) / results.median("stallAloneMs", trial),
          limit: 1.2,
          isUpperLimit: true,
        },
      ];
    }),
};
