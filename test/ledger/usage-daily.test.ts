import { afterAll, beforeAll, expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { createTelemetryStore } from "../../src/ledger/store";
import { DAY_MS, toEpochMs } from "../../src/record/time";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { anyRecord } from "../support/arbitraries";
import { tries } from "../support/effort";
import {
  LABELS_FROM_EXECUTIONS,
  read,
  USAGE_DAILY,
  USAGE_DAILY_LABELS,
  USAGE_FROM_EXECUTIONS,
} from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
const NOW = Date.UTC(2026, 0, 31);
beforeAll(() => void setSystemTime(NOW));
afterAll(() => void setSystemTime());

interface UsageRow {
  [column: string]: unknown;
}

/** Costs add up in another order: everything else is equal to the last digit. */
function expectSameUsage(actual: UsageRow[], expected: UsageRow[]): void {
  const withoutCost = (rows: UsageRow[]) =>
    rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !name.endsWith("cost_usd"))));
  expect(withoutCost(actual)).toEqual(withoutCost(expected));
  for (const [index, row] of actual.entries()) {
    for (const name of Object.keys(row).filter((column) => column.endsWith("cost_usd"))) {
      const cost = Number(expected[index]?.[name]);
      expect(Math.abs(Number(row[name]) - cost)).toBeLessThanOrEqual(1e-9 * Math.max(1, cost));
    }
  }
}

// Few names and few days, so that records meet in the same sums, and few ids, so that there are duplicates.
// When an execution completed is a fact about it: the same id comes with the same time.
const collidingRecord = fc
  .tuple(anyRecord, fc.constantFrom("a", "b", "a\0b", "😀"), fc.constantFrom("m", "n"), fc.nat(400))
  .map(([record, repo, model, id]): TelemetryRecord => {
    const completedAt = NOW - id * (DAY_MS / 13);
    const few = { eventType: "push", provider: null, conclusion: "success", executionId: `${id}` };
    return { ...record, ...few, repo, model, completedAt };
  });

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ one: collidingRecord }) },
  { weight: 4, arbitrary: fc.record({ many: fc.array(collidingRecord, { maxLength: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ purgeAt: fc.integer({ min: 0, max: 30 }) }) },
);

test("after any mix of records, duplicates and purges, the sums equal a GROUP BY over everything ever written", () => {
  let file = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      file += 1;
      const dbPath = join(dir, `${file}.db`);
      using store = createTelemetryStore({ dbPath });
      // The second ledger gets the same records and is never purged: it holds everything ever written.
      const everPath = join(dir, `${file}-ever.db`);
      using ever = createTelemetryStore({ dbPath: everPath });
      let purgedBefore = 0;
      const accepted = (records: readonly TelemetryRecord[]) =>
        records.filter(({ completedAt }) => (toEpochMs(completedAt ?? 0) ?? 0) >= purgedBefore);
      for (const action of steps) {
        if ("one" in action) {
          for (const record of accepted([action.one])) {
            store.record(record);
            ever.record(record);
          }
        } else if ("many" in action) {
          const records = accepted(action.many);
          expect(store.recordMany(records)).toEqual(ever.recordMany(records));
        } else {
          const cutoff = NOW - action.purgeAt * DAY_MS;
          if (store.purgeOlderThan(action.purgeAt) > 0) purgedBefore = Math.max(purgedBefore, cutoff);
        }
      }
      expectSameUsage(read(dbPath, USAGE_DAILY), read(everPath, USAGE_FROM_EXECUTIONS));
      expectSameUsage(read(everPath, USAGE_DAILY), read(everPath, USAGE_FROM_EXECUTIONS));
      expectSameUsage(read(dbPath, USAGE_DAILY_LABELS), read(everPath, LABELS_FROM_EXECUTIONS));
      expectSameUsage(read(everPath, USAGE_DAILY_LABELS), read(everPath, LABELS_FROM_EXECUTIONS));
    }),
    { numRuns: tries(12, 200) },
  );
});

test("sums beyond 2^53 stay exact, in one batch and over many", () => {
  const dbPath = join(dir, "large.db");
  using store = createTelemetryStore({ dbPath });
  const largest = executionCompleted({
    inputTokens: Number.MAX_SAFE_INTEGER,
    cacheReadTokens: Number.MAX_SAFE_INTEGER - 1,
    completedAt: "2026-01-01T00:00:00Z",
  });
  store.recordMany(Array.from({ length: 7 }, () => largest));
  store.record(largest);
  const sum = (each: number) => `${8n * BigInt(each)}`;
  expect(read(dbPath, USAGE_DAILY)).toMatchObject([
    {
      executions: 8,
      input_tokens: sum(Number.MAX_SAFE_INTEGER),
      cache_read_tokens: sum(Number.MAX_SAFE_INTEGER - 1),
    },
  ]);
});

test("what came without usage or cost is counted, not summed as zero", () => {
  const dbPath = join(dir, "unknown.db");
  using store = createTelemetryStore({ dbPath });
  const bare = {
    repo: "r",
    eventType: "e",
    model: "m",
    conclusion: "c",
    completedAt: "2026-01-01T00:00:00Z",
  };
  store.recordMany([bare, { ...bare, costUsd: 0 }, { ...bare, costUsd: 2, inputTokens: 0 }]);
  expect(read(dbPath, USAGE_DAILY)).toMatchObject([
    { executions: 3, cost_usd: 2, without_cost: 1, without_usage: 2 },
  ]);
});

test("an execution belongs to the UTC day on which it completed", () => {
  const dbPath = join(dir, "days.db");
  using store = createTelemetryStore({ dbPath });
  store.record(executionCompleted({ completedAt: "2026-01-01T00:30:00+01:00" }));
  store.record(executionCompleted({ completedAt: "2025-12-31T23:59:59.999Z" }));
  store.record(executionCompleted({ completedAt: "2026-01-01T00:00:00Z" }));
  expect(read(dbPath, "SELECT day, executions FROM usage_daily ORDER BY day")).toEqual([
    { day: "2025-12-31", executions: 2 },
    { day: "2026-01-01", executions: 1 },
  ]);
});
