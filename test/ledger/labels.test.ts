import { expect, test } from "bun:test";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { LABELS_FROM_EXECUTIONS, read, USAGE_DAILY_LABELS } from "../support/ledger";
import { newPath } from "../support/read-ledgers";

const DAY = "2026-01-05";
const user = (name: string, day = DAY) =>
  executionCompleted({ labels: { user: name, team: "core" }, costUsd: 1, completedAt: `${day}T10:00:00Z` });
const users = (from: number, to: number, day = DAY) =>
  Array.from({ length: to - from }, (_, index) => user(`user-${from + index}`, day));

const BY_VALUE = `SELECT count(*) AS values_, sum(executions) AS executions,
  sum(CASE WHEN value = '(other)' THEN executions ELSE 0 END) AS others FROM usage_daily_labels WHERE label = 'user'`;
const INCIDENTS = "SELECT kind, reason FROM incidents";

test("past 1,000 values of a label and day the later ones are summed together, which one incident says", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  store.recordMany(users(0, 900));
  store.recordMany(users(800, 1_100));
  expect(read(dbPath, BY_VALUE)).toEqual([{ values_: 1_001, executions: 1_200, others: 100 }]);
  const [incident, ...more] = read(dbPath, INCIDENTS);
  expect(more).toEqual([]);
  expect(incident).toEqual({
    kind: "degraded",
    reason: `The label user had more than 1,000 values on ${DAY}: of each day, those that come later are summed together, as (other).`,
  });

  // Those that came first still have sums of their own, and the next day begins anew, without another incident.
  store.recordMany([...users(0, 10), ...users(2_000, 2_001), ...users(0, 1_002, "2026-01-06")]);
  expect(read(dbPath, `${BY_VALUE} AND day = '${DAY}'`)).toEqual([
    { values_: 1_001, executions: 1_211, others: 101 },
  ]);
  expect(read(dbPath, `${BY_VALUE} AND day > '${DAY}'`)).toEqual([
    { values_: 1_001, executions: 1_002, others: 2 },
  ]);
  expect(read(dbPath, INCIDENTS)).toHaveLength(1);
  expect(read(dbPath, "SELECT sum(executions) AS n FROM usage_daily_labels WHERE label = 'team'")).toEqual([
    { n: 2_213 },
  ]);
});

test("sums that were lost are rebuilt from the executions, with the same limit", () => {
  const dbPath = newPath();
  createTelemetryStore({ dbPath }).close();
  {
    using store = createTelemetryStore({ dbPath });
    store.recordMany(users(0, 1_010));
    store.record(
      executionCompleted({
        labels: { team: "core", feature: 'a "quoted" one' },
        conclusion: "failure",
        models: [
          { model: "m1", costUsd: 1, inputTokens: 3 },
          { model: "m2", costUsd: 2, costSource: "estimated" },
        ],
      } as never),
    );
  }
  const before = read(dbPath, USAGE_DAILY_LABELS);
  expect(before).toHaveLength(1_001 + 2 + 1);
  read(dbPath, "DROP TABLE usage_daily_labels");
  createTelemetryStore({ dbPath }).close();
  expect(read(dbPath, USAGE_DAILY_LABELS)).toEqual(before);
});

test("a purge leaves the sums", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  store.recordMany(users(0, 3, "2020-01-01"));
  const before = read(dbPath, LABELS_FROM_EXECUTIONS);
  expect(store.purgeOlderThan(30)).toBe(3);
  expect(read(dbPath, USAGE_DAILY_LABELS)).toEqual(before);
});

test("a duplicate adds nothing", () => {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  const record = { ...user("a"), executionId: "once" };
  store.recordMany([record, record]);
  store.record(record);
  expect(read(dbPath, BY_VALUE)).toEqual([{ values_: 1, executions: 1, others: 0 }]);
});
