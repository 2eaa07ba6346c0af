import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import { EARLIER_EXECUTION_COLUMNS } from "../../src/ledger/schema";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { openLedger } from "../../src/report/database/open-ledger";
import type { GroupKey, UsageFilter, UsageReport } from "../../src/report/types";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const dir = tempDir();
const NOW = Date.parse("2026-04-06T12:34:56.789Z");
let files = 0;
let dbPath = "";
beforeEach(() => {
  files += 1;
  dbPath = join(dir, `${files}.db`);
  setSystemTime(NOW);
});
afterEach(() => void setSystemTime());

function record(...records: Partial<TelemetryRecord>[]): void {
  using store = createTelemetryStore({ dbPath });
  store.recordMany(records.map((overrides) => executionCompleted(overrides)));
}

async function report(filter?: UsageFilter): Promise<UsageReport> {
  await using ledger = await openLedger(dbPath);
  return await usageReport(ledger, filter);
}

test("an empty ledger used nothing, and what is a share of nothing is null", async () => {
  record();
  expect(await report({ by: ["day"] })).toEqual({
    schema: "runledger.report/1",
    ledger: dbPath,
    generatedAt: "2026-04-06T12:34:56.789Z",
    filter: {
      since: null,
      until: null,
      repo: null,
      model: null,
      provider: null,
      eventType: null,
      conclusion: null,
      labels: null,
      pullRequest: null,
      session: null,
      ledger: null,
      failedOnly: false,
      timeZone: "UTC",
    },
    exact: false,
    purgedBefore: null,
    by: ["day"],
    totals: {
      executions: 0,
      failures: 0,
      failureRate: null,
      inputTokens: 0,
      outputTokens: 0,
      cacheReadTokens: 0,
      cacheCreationTokens: 0,
      cacheHitShare: null,
      numTurns: 0,
      costUsd: 0,
      estimatedCostUsd: 0,
      failedCostUsd: 0,
      failedCostShare: null,
      costPerSuccessUsd: null,
      costPerExecutionUsd: null,
      withoutCost: 0,
      withoutUsage: 0,
      withoutDuration: 0,
      withoutTurns: 0,
      durationMs: 0,
      averageDurationMs: null,
      p50DurationMs: null,
      p95DurationMs: null,
      p99DurationMs: null,
      durationSample: 0,
    },
    groups: [],
    notes: [],
  });
});

test("of one execution every field is known", async () => {
  record({
    completedAt: "2026-01-31T23:59:59.999Z",
    conclusion: "failure",
    inputTokens: 100,
    outputTokens: 30,
    cacheReadTokens: 700,
    cacheCreationTokens: 200,
    durationMs: 1500,
    costUsd: 0.25,
    costSource: "estimated",
    numTurns: 4,
  });
  const used = {
    executions: 1,
    failures: 1,
    failureRate: 1,
    inputTokens: 100,
    outputTokens: 30,
    cacheReadTokens: 700,
    cacheCreationTokens: 200,
    cacheHitShare: 0.7,
    numTurns: 4,
    costUsd: 0.25,
    estimatedCostUsd: 0.25,
    failedCostUsd: 0.25,
    failedCostShare: 1,
    costPerSuccessUsd: null,
    costPerExecutionUsd: 0.25,
    withoutCost: 0,
    withoutUsage: 0,
    withoutDuration: 0,
    withoutTurns: 0,
    durationMs: 1500,
    averageDurationMs: 1500,
    p50DurationMs: 1500,
    p95DurationMs: 1500,
    p99DurationMs: 1500,
    durationSample: 1,
  };
  const { totals, groups } = await report({ by: ["week", "repo"] });
  expect(totals).toEqual(used);
  expect(groups).toEqual([{ week: "2026-W05", repo: executionCompleted().repo, ...used }]);
  expect(Object.keys(groups[0] ?? {}).slice(0, 2)).toEqual(["week", "repo"]);
});

test("unknown is not zero: averages and percentiles are over what is known, of a duration of zero too", async () => {
  const unknown = { durationMs: undefined, numTurns: undefined, costUsd: undefined };
  record({ ...unknown, repo: "o/unknown" });
  record({ ...unknown, repo: "o/some" });
  record({ repo: "o/some", durationMs: 0, numTurns: 0, costUsd: 0 });
  record({ repo: "o/some", durationMs: 1_000, numTurns: 4, costUsd: 0.5 });
  const { totals, groups, notes } = await report({ by: ["repo"] });
  const known = {
    ...{
      durationMs: 1_001,
      averageDurationMs: 500.5,
      p50DurationMs: 1,
      p95DurationMs: 1_000,
      durationSample: 2,
    },
    ...{ numTurns: 4, costUsd: 0.5, costPerExecutionUsd: 0.25 },
  };
  expect(totals).toMatchObject({ ...known, withoutDuration: 2, withoutTurns: 2, withoutCost: 2 });
  expect(groups).toMatchObject([
    { repo: "o/some", ...known, withoutDuration: 1, withoutTurns: 1 },
    {
      ...{ repo: "o/unknown", withoutDuration: 1, withoutTurns: 1, durationMs: 0, averageDurationMs: null },
      ...{ p50DurationMs: null, durationSample: 0, costPerExecutionUsd: null },
    },
  ]);
  expect(notes).toEqual([
    "Of 4 executions, the duration of 2 and the number of turns of 2 are unknown: averages are over the others.",
  ]);
});

test.each<[GroupKey, string]>([
  ["day", "2027-01-01"],
  ["week", "2026-W53"],
  ["month", "2027-01"],
  ["repo", "o/r"],
  ["model", "m"],
  ["provider", "p"],
  ["eventType", "e"],
  ["conclusion", "c"],
])("by %s the group is %s", async (key, expected) => {
  const names = { repo: "o/r", model: "m", provider: "p", eventType: "e", conclusion: "c" };
  record({ ...names, completedAt: "2027-01-01T05:00:00Z" });
  const { groups } = await report({ by: [key] });
  expect(groups.map((group) => group[key])).toEqual([expected]);
});

test("times come in order; all else by cost, the highest first, then by name", async () => {
  const costs = [
    ["2026-01-02", "cheap", 1],
    ["2026-01-02", "dear", 9],
    ["2026-01-01", "cheap", 2],
    ["2026-01-01", "also cheap", 2],
  ] as const;
  record(...costs.map(([day, model, costUsd]) => ({ completedAt: `${day}T12:00Z`, model, costUsd })));
  const keysBy = async (...by: GroupKey[]) =>
    (await report({ by })).groups.map((group) => by.map((key) => group[key]).join(" "));
  expect(await keysBy("model")).toEqual(["dear", "cheap", "also cheap"]);
  expect(await keysBy("model", "day")).toEqual([
    "also cheap 2026-01-01",
    "cheap 2026-01-01",
    "dear 2026-01-02",
    "cheap 2026-01-02",
  ]);
});

test.each([
  ["octo-org/*", ["octo-org/a_b", "octo-org/a%b"]],
  ["octo-org/a?b", ["octo-org/a_b", "octo-org/a%b"]],
  ["OCTO-org/*", []],
  ["*_b", ["octo-org/a_b"]],
  ["*[bc]", ["x[bc]"]],
  ["x[*", ["x[bc]"]],
  ["*\\*", ["back\\slash"]],
  ["?", ["😀"]],
  ["x[bc]", ["x[bc]"]],
  ["octo-org", []],
])("of the glob %j are %j", async (repo, expected) => {
  record(
    ...["octo-org/a_b", "octo-org/a%b", "x[bc]", "xb", "back\\slash", "😀"].map((name) => ({ repo: name })),
  );
  const { groups } = await report({ repo, by: ["repo"] });
  expect(groups.map((group) => `${group.repo}`).sort()).toEqual(expected.toSorted());
});

test("success, neutral and skipped are no failures; all else is", async () => {
  record(
    ...["success", "neutral", "skipped", "failure", "error", "SUCCESS"].map((conclusion) => ({ conclusion })),
  );
  expect((await report()).totals).toMatchObject({ executions: 6, failures: 3, failureRate: 0.5 });
});

test("sums beyond what a 64-bit integer holds are sums all the same", async () => {
  const most = Number.MAX_SAFE_INTEGER;
  record(...Array.from({ length: 2_000 }, () => ({ cacheReadTokens: most, inputTokens: 1 })));
  const { totals } = await report();
  expect(totals.cacheReadTokens / most).toBeCloseTo(2_000, 6);
  expect(totals.inputTokens).toBe(2_000);
  expect(totals.cacheHitShare).toBeLessThanOrEqual(1);
});

describe("percentiles", () => {
  const durations = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      completedAt: NOW - (count - index) * 1000,
      durationMs: index + 1,
      model: index < 50 ? "retired" : "current",
    }));

  test("are the nearest ranks", async () => {
    record(...durations(200));
    expect((await report()).totals).toMatchObject({
      p50DurationMs: 100,
      p95DurationMs: 190,
      p99DurationMs: 198,
      averageDurationMs: 100.5,
    });
  });

  test("are over the latest 10,000 executions, of which a group may have none", async () => {
    record(...durations(10_050));
    const { totals, groups, notes } = await report({ by: ["model"] });
    expect(totals).toMatchObject({ executions: 10_050, p50DurationMs: 5_050, durationSample: 10_000 });
    expect(groups.find(({ model }) => model === "retired")).toMatchObject({
      executions: 50,
      averageDurationMs: 25.5,
      p50DurationMs: null,
      p95DurationMs: null,
      p99DurationMs: null,
      durationSample: 0,
    });
    expect(notes).toEqual(["Percentiles are over the latest 10,000 executions."]);
  });

  test("are over all of them when they are to be exact", async () => {
    record(...durations(20_050));
    const { totals, groups, notes, exact } = await report({ by: ["model"], exact: true });
    expect({ exact, notes }).toEqual({ exact: true, notes: [] });
    expect(totals).toMatchObject({ p50DurationMs: 10_025, durationSample: 20_050 });
    expect(groups.find(({ model }) => model === "retired")).toMatchObject({
      p50DurationMs: 25,
      durationSample: 50,
    });
  });
});

describe("after a purge", () => {
  const days = ["2026-03-01T10:00Z", "2026-03-05T10:00Z", "2026-03-05T22:00Z", "2026-04-05T10:00Z"];
  beforeEach(() => {
    record(...days.map((completedAt, index) => ({ completedAt, costUsd: 2 ** index, durationMs: 1000 })));
    using store = createTelemetryStore({ dbPath });
    // Up to the fifth of March, 12:34:56.789.
    expect(store.purgeOlderThan(32)).toBe(2);
  });

  test("the sums are still right, and percentiles are of what is left", async () => {
    const { totals, groups, purgedBefore, notes } = await report({ by: ["month"] });
    expect(totals).toMatchObject({ executions: 4, costUsd: 15, averageDurationMs: 1000, durationSample: 2 });
    expect(groups).toMatchObject([
      { month: "2026-03", costUsd: 7, durationSample: 1 },
      { month: "2026-04", costUsd: 8, durationSample: 1 },
    ]);
    expect(purgedBefore).toBe("2026-03-05T10:00:00.001Z");
    expect(notes).toEqual([
      "Executions before 2026-03-05T10:00:00.001Z were purged: their sums are in here, but no percentiles of theirs.",
    ]);
  });

  test("what was not purged needs no note", async () => {
    const { totals, notes } = await report({ since: "2026-03-05T12:00Z" });
    expect(totals.costUsd).toBe(12);
    expect(notes).toEqual([]);
  });

  test("purged days of another zone are days of UTC, and a note says so", async () => {
    const { groups, notes } = await report({ by: ["day"], timeZone: "Asia/Tokyo" });
    expect(groups.map(({ day, costUsd }) => [day, costUsd])).toEqual([
      ["2026-03-01", 1],
      ["2026-03-05", 6],
      ["2026-04-05", 8],
    ]);
    expect(notes).toHaveLength(2);
    expect(notes[1]).toContain("up to 2026-03-05 days are those of UTC");
  });

  test("a purged day of which only the end is asked for is not in it, and a note says so", async () => {
    const { totals, notes } = await report({ since: "2026-03-01T01:00Z", until: "2026-04-01" });
    expect(totals.costUsd).toBe(6);
    expect(notes[1]).toStartWith("2026-03-01 (UTC) is not in here");
  });

  test("a purged day of which only the beginning is asked for is in it, and a note says so", async () => {
    const { totals, notes } = await report({ until: "2026-03-01T01:00Z" });
    expect(totals).toMatchObject({ costUsd: 1, durationSample: 0, p50DurationMs: null });
    expect(notes[1]).toStartWith("2026-03-01 (UTC) is all in here");
  });
});

describe("what an older program inserted and nobody adopted yet", () => {
  const columns = EARLIER_EXECUTION_COLUMNS.join(", ");
  function insert(createdAt: string | number, tokens: number, costUsd: number): void {
    using database = new Database(dbPath);
    database.run(
      `INSERT INTO executions (${columns}) VALUES (?, NULL, 'o/old', 1, 'push', 'anthropic', 'm', ?, 0, 0, 0, 10, ?, 'success', NULL, 2, NULL)`,
      [createdAt, tokens, costUsd],
    );
  }

  test("is counted once, and what it says is known", async () => {
    record({ completedAt: "2026-04-01T12:00Z", repo: "o/new", costUsd: 1 });
    insert("2026-04-01 10:00:00", 7, 2);
    insert("2026-04-01 11:00:00", 0, 0);
    for (const since of [undefined, "2026-04-01", "2026-04-01T09:00Z"]) {
      const { totals, groups } = await report({ since, by: ["repo"] });
      expect(totals).toMatchObject({ executions: 3, costUsd: 3, withoutCost: 1, withoutUsage: 1 });
      expect(groups.map(({ repo, executions }) => [repo, executions])).toEqual([
        ["o/old", 2],
        ["o/new", 1],
      ]);
    }
  });

  test("belongs to its whole second at either end", async () => {
    record();
    insert("2026-04-01 00:00:00", 1, 1);
    insert("2026-03-31 23:59:59", 1, 10);
    const costOf = async (filter: UsageFilter) => (await report(filter)).totals.costUsd;
    expect(await costOf({ since: "2026-04-01" })).toBe(1);
    expect(await costOf({ since: "2026-04-01T00:00:00.001Z" })).toBe(0);
    expect(await costOf({ until: "2026-04-01" })).toBe(10);
    expect(await costOf({ until: "2026-04-01T00:00:00.001Z" })).toBe(11);
    expect(await costOf({ since: "2026-03-31T23:59:59Z", until: "2026-03-31T23:59:59.001Z" })).toBe(10);
  });

  test("is recognisable when its time is none", async () => {
    record({ completedAt: "2026-04-01T12:00Z", costUsd: 1 });
    insert(1_775_000_000, 1, 3);
    insert("yesterday, or so", 1, 2);
    for (const timeZone of ["UTC", "Asia/Kolkata"]) {
      for (const key of ["day", "week", "month"] as const) {
        const { totals, groups } = await report({ by: [key], timeZone });
        expect(totals.costUsd).toBe(6);
        expect(groups).toHaveLength(3);
      }
    }
  });
});

test.each<[UsageFilter, string]>([
  [{ by: ["day", "week", "month"] }, "by: expected up to two different ones of day, week"],
  [{ by: ["day", "day"] }, "by: expected up to two different ones"],
  [{ by: ["hour"] as never }, "by.0: expected up to two different ones"],
  [{ by: "day" as never }, 'received the string "day"'],
  [{ exact: "yes" as never }, "exact: expected a boolean"],
  [{ since: "soon" }, "since: expected"],
  [{ by: ["label:Team"] }, "by.0: expected up to two different ones"],
  [{ by: ["label:team", "label:team"] }, "by: expected up to two different ones"],
  [
    { labels: { Team: "core" } },
    'labels: expected keys of labels, such as team or prompt_version, received the string "Team"',
  ],
  [{ labels: { team: "" } }, "labels.team: expected a non-empty string, or several"],
  [{ labels: "team" as never }, "labels: expected an object of labels"],
])("%j is refused", async (filter, expected) => {
  record();
  const { code, message } = await thrownBy(() => report(filter));
  expect(code).toBe("INVALID_ARGUMENT");
  expect(message).toContain(expected);
});
