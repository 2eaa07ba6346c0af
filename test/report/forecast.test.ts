import { afterEach, expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { createTelemetryStore } from "../../src/ledger/store";
import { DAY_MS } from "../../src/record/time";
import { openLedger } from "../../src/report/database/open-ledger";
import { forecast } from "../../src/report/forecast";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";

afterEach(() => void setSystemTime());
const dir = tempDir();
let file = 0;

/** A ledger with what each day cost, today last, at noon of UTC; `null` is a day without executions. */
function ledgerOf(now: number, costs: readonly (number | null)[]): string {
  file += 1;
  const dbPath = join(dir, `${file}.db`);
  using store = createTelemetryStore({ dbPath });
  const noon = Math.floor(now / DAY_MS) * DAY_MS + DAY_MS / 2;
  store.recordMany(
    costs.flatMap((costUsd, index) =>
      costUsd === null
        ? []
        : [executionCompleted({ completedAt: noon - (costs.length - 1 - index) * DAY_MS, costUsd })],
    ),
  );
  return dbPath;
}

async function forecastOf(now: number, costs: readonly (number | null)[]) {
  setSystemTime(now);
  await using ledger = await openLedger(ledgerOf(now, costs));
  return await forecast(ledger);
}

/** By other means: days as numbers, and quartiles by counting. */
function independently(now: number, costs: readonly (number | null)[]) {
  const dayNumber = Math.floor(now / DAY_MS);
  const costOn = (day: number) => costs[costs.length - 1 - (dayNumber - day)] ?? 0;
  const firstUsed = dayNumber - costs.length + 1 + costs.findIndex((cost) => cost !== null);
  const first = Math.max(dayNumber - 56, firstUsed);
  const date = new Date(now);
  const monthBegins = Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) / DAY_MS;
  const monthEnds = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) / DAY_MS;
  let spent = 0;
  for (let day = monthBegins; day <= dayNumber; day += 1) spent += costOn(day);
  const ends = [spent, spent, spent];
  for (let day = dayNumber; day < monthEnds; day += 1) {
    const same: number[] = [];
    for (let past = day - 7; past >= first; past -= 7) if (past < dayNumber) same.push(costOn(past));
    same.sort((a, b) => a - b);
    for (const [index, quarter] of [1, 2, 3].entries()) {
      // Between the two values that enclose so many quarters of the way from the first to the last.
      const quarters = (same.length - 1) * quarter;
      const [below = 0, above = below] = [same[quarters >> 2], same[(quarters + 3) >> 2]];
      const expected = below + ((above - below) * (quarters % 4)) / 4;
      ends[index] = (ends[index] ?? 0) + (day === dayNumber ? Math.max(0, expected - costOn(day)) : expected);
    }
  }
  return { spent, low: ends[0], median: ends[1], high: ends[2] };
}

test("a forecast is what an independent computation says", async () => {
  const cost = fc.option(fc.double({ min: 0, max: 50, noNaN: true }), { nil: null, freq: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 31) }),
      // The first day has a cost: from there on there is a history.
      fc.tuple(fc.double({ min: 0, max: 50, noNaN: true }), fc.array(cost, { minLength: 14, maxLength: 90 })),
      async (now, [first, others]) => {
        const costs = [first, ...others];
        const { spentUsd, expectedUsd, lowUsd, highUsd } = await forecastOf(now, costs);
        const { spent, low, median, high } = independently(now, costs);
        expect(spentUsd).toBeCloseTo(spent, 9);
        expect(expectedUsd).toBeCloseTo(median ?? Number.NaN, 9);
        expect(lowUsd).toBeCloseTo(low ?? Number.NaN, 9);
        expect(highUsd).toBeCloseTo(high ?? Number.NaN, 9);
      },
    ),
    { numRuns: 40 },
  );
});

const MID_NOVEMBER = Date.parse("2026-11-15T13:00:00Z");

test("executions of long ago make days without any count", async () => {
  const quiet = (days: number) => Array.from({ length: days }, () => null);
  const { basis, expectedUsd } = await forecastOf(MID_NOVEMBER, [1, ...quiet(300), 2]);
  expect(basis).toContain("of the 56 days before today");
  expect(expectedUsd).toBe(2);
});

test("of less than fourteen days there is none, and that is said", async () => {
  const costs = Array.from({ length: 14 }, () => 1);
  expect(await forecastOf(MID_NOVEMBER, costs)).toEqual({
    month: "2026-11",
    spentUsd: 14,
    expectedUsd: null,
    lowUsd: null,
    highUsd: null,
    basis: "There are 13 days before today to go by; a forecast takes 14.",
  });
});

test("what came without a cost is said to be missing", async () => {
  setSystemTime(MID_NOVEMBER);
  const dbPath = ledgerOf(
    MID_NOVEMBER,
    Array.from({ length: 20 }, () => 1),
  );
  {
    using store = createTelemetryStore({ dbPath });
    store.record(executionCompleted({ completedAt: MID_NOVEMBER, costUsd: null }));
  }
  await using ledger = await openLedger(dbPath);
  const { expectedUsd, basis } = await forecast(ledger);
  expect(expectedUsd).toBe(30);
  expect(basis).toEndWith(" 1 of this month's executions came without a cost: nothing in here.");
});

test("the month is that of the time zone", async () => {
  setSystemTime(Date.parse("2026-11-30T23:30:00Z"));
  await using ledger = await openLedger(ledgerOf(Date.now(), [1, 2]));
  expect((await forecast(ledger)).month).toBe("2026-11");
  expect((await forecast(ledger, { timeZone: "Europe/Berlin" })).month).toBe("2026-12");
});

test("report --forecast shows it in text and JSON", async () => {
  setSystemTime(MID_NOVEMBER);
  const db = ledgerOf(
    MID_NOVEMBER,
    Array.from({ length: 30 }, (_, day) => 1 + (day % 3)),
  );
  const { out } = await runCli(["report", "--forecast", "--db", db], { columns: 100 });
  expect(out).toMatch(/^2026-11 +30\.00 {2}so far · 60\.50 expected at its end · [\d.]+ to [\d.]+$/m);
  expect(out).toContain(
    "Forecast: Each day that is left costs the median of the same weekdays of the 29 days",
  );
  for (const by of [[], ["--by", "model"]]) {
    const json = JSON.parse((await runCli(["report", "--forecast", "--json", ...by, "--db", db])).out);
    expect(json.forecast).toMatchObject({ month: "2026-11", spentUsd: 30 });
  }
  const young = ledgerOf(MID_NOVEMBER, [1, 2, 3]);
  const { out: soon } = await runCli(["report", "--forecast", "--by", "repo", "--db", young]);
  expect(soon).toContain("2026-11  6.00  so far · too little is known to expect anything\n");
});
