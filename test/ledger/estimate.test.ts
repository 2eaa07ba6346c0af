import { describe, expect, test } from "bun:test";
import { openPriceList } from "../../src/adapters";
import { estimate } from "../../src/ledger/estimate";
import { toExecutionRow } from "../../src/ledger/row";
import type { TelemetryRecord } from "../../src/record/types";

const prices = openPriceList();
const run = {
  ...{ repo: "o/r", eventType: "push", conclusion: "success", completedAt: "2026-11-01T12:00:00Z" },
  ...{ model: "claude-sonnet-4-5", inputTokens: 1_000_000, outputTokens: 100_000 },
};
const estimated = (record: object) => estimate(toExecutionRow(record as TelemetryRecord), prices);

test("a run with tokens and without a cost gets one, at the rates of small requests", () => {
  expect(estimated(run)).toMatchObject({ cost_usd: 4.5, cost_source: "estimated" });
});

test("a cost that was reported wins, even one of 0", () => {
  expect(estimated({ ...run, costUsd: 7 })).toMatchObject({ cost_usd: 7, cost_source: "reported" });
  expect(estimated({ ...run, costUsd: 0 })).toMatchObject({ cost_usd: 0, cost_source: "reported" });
});

test.each([
  ["an unknown model", { model: "own-model-7b" }],
  ["no tokens", { inputTokens: null, outputTokens: null }],
  ["no input", { inputTokens: null }],
  ["no output", { outputTokens: null }],
  ["another service tier", { labels: { service_tier: "flex", team: "core" } }],
])("unknown is not zero: %s", (_, fields) => {
  expect(estimated({ ...run, ...fields })).toMatchObject({ cost_usd: 0, cost_source: "unknown" });
});

test("a price of one's own for a service tier is asked for by its label", () => {
  const flex = { model: run.model, serviceTier: "flex", inputPerMillion: 1, outputPerMillion: 5 };
  const row = toExecutionRow({ ...run, labels: { service_tier: "flex" } });
  expect(estimate(row, openPriceList({ prices: [flex] }))).toMatchObject({ cost_usd: 1.5 });
});

describe("of several models", () => {
  const { model: _, inputTokens, outputTokens, ...context } = run;
  const main = { model: "claude-sonnet-4-5", inputTokens, outputTokens };
  const helper = { model: "claude-haiku-4-5", inputTokens: 1_000_000, outputTokens: 100_000 };

  test("each has its own", () => {
    const row = estimated({ ...context, models: [main, helper] });
    expect(row).toMatchObject({ cost_usd: 6, cost_source: "estimated" });
    expect(row.models?.map(({ cost_usd, cost_source }) => [cost_usd, cost_source])).toEqual([
      [4.5, "estimated"],
      [1.5, "estimated"],
    ]);
  });

  test("what was reported stays", () => {
    const row = estimated({ ...context, models: [{ ...main, costUsd: 7 }, helper] });
    expect(row).toMatchObject({ cost_usd: 8.5, cost_source: "estimated" });
    expect(row.models?.[0]).toMatchObject({ cost_usd: 7, cost_source: "reported" });
  });

  test("one that no list has leaves the sum unknown, and what is known in it", () => {
    const row = estimated({ ...context, models: [main, { ...helper, model: "own-model-7b" }] });
    expect(row).toMatchObject({ cost_usd: 4.5, cost_source: "unknown" });
    expect(row.models?.[1]).toMatchObject({ cost_usd: null, cost_source: "unknown" });
  });

  test("a cost of the whole that was reported wins", () => {
    const row = estimated({ ...context, costUsd: 9, models: [main, helper] });
    expect(row).toMatchObject({ cost_usd: 9, cost_source: "reported" });
  });
});
