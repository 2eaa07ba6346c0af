import { afterEach, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { DAY_MS } from "../../src/record/time";
import { openLedger } from "../../src/report/database/open-ledger";
import { SUMMARY_KEYS, summaryReport } from "../../src/report/summary-report";
import type { UsageFilter } from "../../src/report/types";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const NOW = Date.parse("2026-04-06T12:34:56.789Z");
const folder = tempDir();
let ledgers = 0;
let dbPath = "";
beforeEach(() => {
  setSystemTime(NOW);
  ledgers += 1;
  dbPath = join(folder, `${ledgers}.db`);
  using store = createTelemetryStore({ dbPath });
  store.recordMany(
    Array.from({ length: 40 }, (_, days) =>
      executionCompleted({
        executionId: `${days}`,
        completedAt: NOW - days * DAY_MS,
        costUsd: days,
        durationMs: days * 100,
        repo: `o/r${days % 3}`,
        model: `m${days % 2}`,
      }),
    ),
  );
});
afterEach(() => void setSystemTime());

test("a summary is of the last thirty days and today, whose beginning is where the time zone says", async () => {
  await using ledger = await openLedger(dbPath);
  const { filter, totals, groups } = await summaryReport(ledger);
  expect(filter).toMatchObject({ since: "2026-03-07T00:00:00.000Z", until: "2026-04-07T00:00:00.000Z" });
  expect(totals.executions).toBe(31);
  expect(groups.day).toHaveLength(31);
  const inAuckland = await summaryReport(ledger, { timeZone: "Pacific/Auckland" });
  expect(inAuckland.filter).toMatchObject({
    since: "2026-03-07T11:00:00.000Z",
    until: "2026-04-07T12:00:00.000Z",
  });
});

test("it is of another time when that is said", async () => {
  await using ledger = await openLedger(dbPath);
  expect((await summaryReport(ledger, { since: "50d" })).totals.executions).toBe(40);
  const until = await summaryReport(ledger, { until: "2026-03-07" });
  expect(until.filter.since).toBeNull();
  expect(until.totals.executions).toBe(9);
});

test.each(["UTC", "Asia/Kathmandu"])("it is four reports at once (%s)", async (timeZone) => {
  await using ledger = await openLedger(dbPath);
  const filter = { timeZone, since: "20d", until: "2026-04-07", repo: "o/r*", exact: true };
  const { groups, ...summary } = await summaryReport(ledger, filter);
  expect(Object.keys(groups)).toEqual([...SUMMARY_KEYS]);
  for (const key of SUMMARY_KEYS) {
    const { groups: expected, by: _, ...report } = await usageReport(ledger, { ...filter, by: [key] });
    expect(groups[key]).toEqual(expected);
    expect(summary).toEqual(report);
  }
});

describe("what is dated after today", () => {
  const recordLater = (...completedAt: readonly string[]) => {
    using store = createTelemetryStore({ dbPath });
    store.recordMany(
      completedAt.map((time) =>
        executionCompleted({ executionId: time, completedAt: time, repo: "o/later" }),
      ),
    );
  };
  const LAST = "9999-12-31T23:59:59.999Z";

  test("is in no summary that doesn't ask for it, which says so", async () => {
    await using ledger = await openLedger(dbPath);
    const before = await summaryReport(ledger, { since: "50d" });
    expect(before.notes).toEqual([]);
    recordLater(LAST);
    const after = await summaryReport(ledger, { since: "50d" });
    expect(after.totals).toEqual(before.totals);
    expect(after.filter.until).toBe("2026-04-07T00:00:00.000Z");
    expect(after.notes).toEqual(["1 execution is dated after today, 9999-12-31 (UTC): not in here."]);
    recordLater("2026-04-07T00:00:00.000Z");
    const { notes } = await summaryReport(ledger);
    expect(notes).toEqual(["2 executions are dated after today, up to 9999-12-31 (UTC): not in here."]);
    expect((await summaryReport(ledger, { repo: "o/r*" })).notes).toEqual([]);
    const asked = await summaryReport(ledger, { since: "2026-04-08" });
    expect([asked.totals.executions, asked.filter.until]).toEqual([1, null]);
  });

  test("is counted in a report that is of all time, which says so too", async () => {
    recordLater(LAST, "2026-04-07T00:00:00.000Z");
    await using ledger = await openLedger(dbPath);
    const notesOf = async (filter: UsageFilter) => (await usageReport(ledger, filter)).notes;
    expect(await notesOf({})).toEqual([
      "2 executions are dated after today, up to 9999-12-31 (UTC): in here.",
    ]);
    expect(await notesOf({ until: "2026-04-08" })).toEqual([
      "1 execution is dated after today, 2026-04-07 (UTC): in here.",
    ]);
    expect(await notesOf({ until: "2026-04-06T23:59:59Z" })).toEqual([]);
    expect(await notesOf({ timeZone: "Asia/Tokyo", until: "2026-04-06T14:59:59Z" })).toEqual([]);
  });
});

test("a time zone that there is not is refused", async () => {
  await using ledger = await openLedger(dbPath);
  const { code, message } = await thrownBy(() => summaryReport(ledger, { timeZone: "Mars/Olympus" }));
  expect(code).toBe("INVALID_ARGUMENT");
  expect(message).toContain("timeZone: expected the name of a time zone");
});
