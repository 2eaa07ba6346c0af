import { afterAll, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import {
  CHANGE_KEYS,
  type ChangeKey,
  type ChangesFilter,
  changesReport,
} from "../../src/report/changes-report";
import { comparedPeriod } from "../../src/report/compared-period";
import { openLedger } from "../../src/report/database/open-ledger";
import type { Usage } from "../../src/report/types";
import { usageReport } from "../../src/report/usage-report";
import { tries } from "../support/effort";
import { makeLedger, NOW, steps } from "../support/random-ledger";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

beforeAll(() => void setSystemTime(NOW));
afterAll(() => void setSystemTime());
const dir = tempDir();

describe("the period before", () => {
  const before = (from: string, to: string, timeZone = "UTC", wanted = "previous") => {
    const span = comparedPeriod(wanted, { fromMs: Date.parse(from), toMs: Date.parse(to) }, timeZone);
    return (
      span &&
      [span.fromMs, span.toMs].map((ms) => new Date(ms).toISOString().replace(/:00\.000Z$|\.000Z$/, "Z"))
    );
  };

  test.each([
    ["a month: the month before", "2026-03-01", "2026-04-01", ["2026-02-01T00:00Z", "2026-03-01T00:00Z"]],
    ["January: December", "2026-01-01", "2026-02-01", ["2025-12-01T00:00Z", "2026-01-01T00:00Z"]],
    [
      "a month so far: as many days of the month before",
      "2026-11-01",
      "2026-11-27T09:30:00Z",
      ["2026-10-01T00:00Z", "2026-10-27T09:30Z"],
    ],
    [
      "a month so far, at a day that the month before has not: all of it",
      "2026-03-01",
      "2026-03-31T12:00:00Z",
      ["2026-02-01T00:00Z", "2026-03-01T00:00Z"],
    ],
    ["a week", "2026-03-09", "2026-03-16", ["2026-03-02T00:00Z", "2026-03-09T00:00Z"]],
    ["a day", "2026-03-09", "2026-03-10", ["2026-03-08T00:00Z", "2026-03-09T00:00Z"]],
    [
      "days so far: at the same time of day",
      "2026-03-02T12:00:00Z",
      "2026-03-09T12:00:00Z",
      ["2026-02-23T12:00Z", "2026-03-02T12:00Z"],
    ],
    [
      "hours: the day before",
      "2026-03-09T10:00Z",
      "2026-03-09T12:00Z",
      ["2026-03-08T10:00Z", "2026-03-08T12:00Z"],
    ],
  ])("of %s", (_, from, to, expected) => {
    expect(before(from, to)).toEqual(expected);
  });

  test("begins at midnight where clocks have changed meanwhile", () => {
    // 29 March has 23 hours in Berlin.
    expect(before("2026-03-29T22:00:00Z", "2026-04-05T22:00:00Z", "Europe/Berlin")).toEqual([
      "2026-03-22T23:00Z",
      "2026-03-29T22:00Z",
    ]);
    expect(before("2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z", "Europe/Berlin")).toEqual([
      "2026-02-28T23:00Z",
      "2026-03-31T22:00Z",
    ]);
  });

  test("may be named: a whole month, or as long from a day on", () => {
    expect(before("2026-11-01", "2026-11-27", "UTC", "2026-02")).toEqual([
      "2026-02-01T00:00Z",
      "2026-03-01T00:00Z",
    ]);
    expect(before("2026-11-01", "2026-11-08", "UTC", "2026-02-02")).toEqual([
      "2026-02-02T00:00Z",
      "2026-02-09T00:00Z",
    ]);
    expect(before("2026-11-01", "2026-11-08", "UTC", "2026-13")).toBeUndefined();
  });
});

const filter: fc.Arbitrary<ChangesFilter> = fc.record({
  since: fc.constantFrom(undefined, "7d", "last-week", "2026-03", "2026-03-20"),
  compare: fc.constantFrom(undefined, "previous", "2026-03", "2026-03-01"),
  timeZone: fc.constantFrom("UTC", "Europe/Berlin"),
  failedOnly: fc.constantFrom(undefined, true),
});

/** Amounts of money were added up in another order, and may differ in their last digits. */
function expectSame(actual: Usage, expected: Usage): void {
  for (const [field, value] of Object.entries(expected)) {
    const found = actual[field as keyof Usage];
    if (!/Usd$|CostShare$/.test(field) || value === null || found == null) expect(found).toBe(value);
    else expect(Math.abs(found - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, value));
  }
}

test("the changes by each key add up to the difference of the totals, which are those of two reports", async () => {
  let file = 0;
  await fc.assert(
    fc.asyncProperty(steps, filter, async (anySteps, asked) => {
      file += 1;
      const dbPath = join(dir, `${file}.db`);
      makeLedger(dbPath, anySteps, "ours");
      await using ledger = await openLedger(dbPath);
      const report = await changesReport(ledger, asked);
      const { timeZone, failedOnly } = asked;
      const reportOf = (span: { since: string | null; until: string | null }) =>
        usageReport(ledger, { since: `${span.since}`, until: `${span.until}`, timeZone, failedOnly });
      expectSame(report.now, (await reportOf(report.filter)).totals);
      expectSame(report.before, (await reportOf(report.comparedWith)).totals);
      // Labels of failures alone are in no sum: what was purged of them is gone.
      const keys = asked.failedOnly ? CHANGE_KEYS : (Object.keys(report.changes) as ChangeKey[]);
      for (const key of keys) {
        const changes = report.changes[key] ?? [];
        const sum = (read: (change: (typeof changes)[0]) => number) =>
          changes.reduce((total, change) => total + read(change), 0);
        expect(Math.abs(sum(({ differenceUsd }) => differenceUsd) - report.differenceUsd)).toBeLessThan(1e-9);
        expect(sum(({ executionsNow }) => executionsNow)).toBe(report.now.executions);
        expect(sum(({ executionsBefore }) => executionsBefore)).toBe(report.before.executions);
        const sizes = changes.map(({ differenceUsd }) => Math.abs(differenceUsd));
        expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
      }
    }),
    { numRuns: tries(15, 200) },
  );
});

test.each([["yesterday"], [""], [7]])("compared with %p is refused", async (compare) => {
  const dbPath = join(dir, "refused.db");
  makeLedger(dbPath, [], "ours");
  await using ledger = await openLedger(dbPath);
  const error = await thrownBy(() => changesReport(ledger, { compare } as ChangesFilter));
  expect(error.code).toBe("INVALID_ARGUMENT");
  expect(error.message).toContain('compare: expected "previous", a month such as 2026-09');
});
