import { afterAll, beforeAll, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { changesReport } from "../../src/report/changes-report";
import { openLedger } from "../../src/report/database/open-ledger";
import { executionsOf } from "../../src/report/executions";
import type { UsageFilter, UsageReport } from "../../src/report/types";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { newPath } from "../support/read-ledgers";

const NOW = Date.parse("2026-04-06T12:00:00Z");
beforeAll(() => void setSystemTime(NOW));
afterAll(() => void setSystemTime());

let dbPath = "";
beforeEach(() => {
  dbPath = newPath();
});

function record(...records: readonly Partial<TelemetryRecord>[]): void {
  using store = createTelemetryStore({ dbPath });
  store.recordMany(records.map((fields) => executionCompleted(fields)));
}

async function report(filter: UsageFilter): Promise<UsageReport> {
  await using ledger = await openLedger(dbPath);
  return await usageReport(ledger, filter);
}

const DAY = "2026-04-01T10:00:00Z";
const core = { team: "core", feature: "review" };

describe("by a label", () => {
  beforeEach(() =>
    record(
      { labels: core, costUsd: 4, completedAt: DAY },
      { labels: { team: "core" }, costUsd: 1, completedAt: DAY, conclusion: "failure", model: "m2" },
      { labels: { team: "infra", feature: "review" }, costUsd: 2, completedAt: DAY },
      { costUsd: 8, completedAt: DAY },
    ),
  );

  test("those without it are a group of their own", async () => {
    const { groups, totals, notes } = await report({ by: ["label:team"] });
    expect(groups).toMatchObject([
      { "label:team": "(none)", executions: 1, costUsd: 8, failures: 0 },
      { "label:team": "core", executions: 2, costUsd: 5, failures: 1, failedCostUsd: 1, p50DurationMs: 8450 },
      { "label:team": "infra", executions: 1, costUsd: 2 },
    ]);
    expect(totals).toMatchObject({ executions: 4, costUsd: 15 });
    expect(notes).toEqual([]);
  });

  test("of any key, all are without it", async () => {
    expect((await report({ by: ["label:nobody_has_it"] })).groups).toMatchObject([
      { "label:nobody_has_it": "(none)", executions: 4, costUsd: 15 },
    ]);
  });

  test.each<[UsageFilter["labels"], number]>([
    [{ team: "core" }, 5],
    [{ team: ["core", "infra"] }, 7],
    [{ team: "*" }, 7],
    [{ team: "(none)" }, 8],
    [{ team: ["(none)", "c*"] }, 13],
    [{ team: "core", feature: "review" }, 4],
    [{ team: "core", feature: "(none)" }, 1],
    [{ team: "nobody" }, 0],
  ])("%j costs %d, in the totals, by the label, by day and in the listing", async (labels, costUsd) => {
    const { totals, filter } = await report({ labels });
    expect(totals.costUsd).toBe(costUsd);
    expect(filter.labels).toEqual(labels as never);
    for (const by of [
      ["label:team"],
      ["day"],
      ["label:team", "day"],
      ["model"],
      ["label:feature"],
    ] as const) {
      const { groups } = await report({ labels, by });
      expect(groups.reduce((sum, group) => sum + group.costUsd, 0)).toBe(costUsd);
    }
    await using ledger = await openLedger(dbPath);
    const rows = (await Array.fromAsync(executionsOf(ledger, { labels }, { order: "oldest" }))).flat();
    expect(rows.reduce((sum, { cost_usd }) => sum + cost_usd, 0)).toBe(costUsd);
  });
});

test("what is left of sums of fractions is nothing, and unknown stays unknown", async () => {
  const costs = Array.from({ length: 300 }, (_, index) => 0.1 * (index + 1));
  record(...costs.map((costUsd) => ({ labels: core, costUsd, completedAt: DAY, model: `m${costUsd}` })), {
    completedAt: DAY,
    costUsd: null,
  });
  const { groups } = await report({ by: ["label:team"] });
  expect(groups.at(-1)).toMatchObject({
    "label:team": "(none)",
    executions: 1,
    withoutCost: 1,
    costUsd: 0,
    costPerExecutionUsd: null,
  });
});

describe("after a purge", () => {
  beforeEach(() => {
    record(
      { labels: core, costUsd: 4, completedAt: "2026-01-01T10:00:00Z" },
      { costUsd: 8, completedAt: "2026-01-01T10:00:00Z" },
      { labels: core, costUsd: 1, completedAt: DAY },
    );
    using store = createTelemetryStore({ dbPath });
    expect(store.purgeOlderThan(30)).toBe(2);
  });

  test("the sums of a label are still right, also by day and of one value", async () => {
    expect((await report({ by: ["label:team"] })).groups).toMatchObject([
      { "label:team": "(none)", costUsd: 8 },
      { "label:team": "core", costUsd: 5 },
    ]);
    const { groups, totals, notes } = await report({ labels: { team: "core" }, by: ["month"] });
    expect(groups).toMatchObject([
      { month: "2026-01", costUsd: 4 },
      { month: "2026-04", costUsd: 1 },
    ]);
    expect(totals.costUsd).toBe(5);
    expect(notes[0]).toContain("their sums are in here");
  });

  test("groups by a label and a name are of what is left, and a note says so", async () => {
    const { groups, totals, notes } = await report({ by: ["label:team", "model"] });
    expect(groups).toMatchObject([{ "label:team": "core", costUsd: 1 }]);
    expect(totals.costUsd).toBe(13);
    expect(notes[1]).toBe(
      "These groups are only of executions that were not purged: together they are less than the totals.",
    );
  });

  test("so are totals of a label and a name", async () => {
    const { totals, notes } = await report({ labels: { team: "core" }, model: "*", by: ["day"] });
    expect(totals.costUsd).toBe(1);
    expect(notes).toEqual([
      "Executions before 2026-01-01T10:00:00.001Z were purged and are not in here: no sum has a pull request, a session, or a label together with anything else.",
    ]);
  });
});

test("a label with too many values has others, and a note says so", async () => {
  const user = (index: number) => ({ labels: { user: `u${index}` }, costUsd: 1, completedAt: DAY });
  record(...Array.from({ length: 1_020 }, (_, index) => user(index)));
  const { groups, notes } = await report({ by: ["label:user"] });
  expect(groups).toHaveLength(1_001);
  expect(groups[0]).toMatchObject({
    "label:user": "(other)",
    executions: 20,
    costUsd: 20,
    durationSample: 20,
  });
  expect(notes[0]).toBe(
    "On 1 day the label user had more than 1,000 values: those that came later are together, as (other).",
  );
});

test("a label may be called as what every object has", async () => {
  record({ labels: { constructor: "x" } as never, costUsd: 1, completedAt: DAY });
  const { groups } = await report({ by: ["label:constructor"] });
  expect(groups).toMatchObject([{ "label:constructor": "x", costUsd: 1 }]);
  expect((await report({ labels: { constructor: "y" } as never })).totals.executions).toBe(0);
  await using ledger = await openLedger(dbPath);
  expect((await changesReport(ledger)).changes).toHaveProperty("label:constructor");
});
