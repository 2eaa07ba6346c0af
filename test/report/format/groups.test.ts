import { describe, expect, test } from "bun:test";
import { arrangeGroups, withGaps } from "../../../src/report/format/groups";
import { usageOf } from "../../support/usage";

const models = [
  { model: "b", ...usageOf({ costUsd: 1, executions: 5, failures: 2, averageDurationMs: 30 }) },
  { model: "c", ...usageOf({ costUsd: 3, executions: 1, failures: 0, averageDurationMs: null }) },
  {
    model: "a",
    ...usageOf({ costUsd: 1, executions: 9, failures: 1, averageDurationMs: 20, inputTokens: 9e9 }),
  },
];
const days = ["2026-10-01", "2026-10-02", "2026-10-05"].map((day, index) => ({
  day,
  ...usageOf({ executions: index + 1, costUsd: index }),
}));

describe("sorted", () => {
  test.each([
    ["cost", "cab"],
    ["executions", "abc"],
    ["failures", "bac"],
    ["tokens", "abc"],
    ["duration", "bac"],
    ["name", "abc"],
  ] as const)("by %s: %s; ties by name", (sort, order) => {
    const { groups, others } = arrangeGroups(["model"], models, { sort });
    expect(groups.map(({ model }) => model).join("")).toBe(order);
    expect(others).toBeUndefined();
  });

  test("by no key they stay as they come", () => {
    expect(arrangeGroups(["model"], models).groups).toEqual(models);
  });

  test("by the names of both keys", () => {
    const groups = [
      { day: "2026-10-02", model: "a", ...usageOf() },
      { day: "2026-10-01", model: "b", ...usageOf() },
      { day: "2026-10-01", model: "a", ...usageOf() },
    ];
    const sorted = arrangeGroups(["day", "model"], groups, { sort: "name" }).groups;
    expect(sorted.map(({ day, model }) => `${day} ${model}`)).toEqual([
      "2026-10-01 a",
      "2026-10-01 b",
      "2026-10-02 a",
    ]);
  });
});

describe("cut", () => {
  test("the first stay, and the others are summed up", () => {
    const { groups, others } = arrangeGroups(["model"], models, { sort: "cost", limit: 1 });
    expect(groups.map(({ model }) => model)).toEqual(["c"]);
    expect(others).toMatchObject({
      count: 2,
      areEarlier: false,
      usage: {
        executions: 14,
        failures: 3,
        failureRate: 3 / 14,
        costUsd: 2,
        costPerExecutionUsd: 2 / 14,
        p50DurationMs: null,
        durationSample: 0,
      },
    });
  });

  test("of times the latest stay", () => {
    const { groups, others } = arrangeGroups(["day"], days, { limit: 2 });
    expect(groups.map(({ day }) => day)).toEqual(["2026-10-02", "2026-10-05"]);
    expect(others).toMatchObject({ count: 1, areEarlier: true, usage: { executions: 1 } });
  });

  test("also when the time is the second key, as long as they come as they are", () => {
    const groups = days.map((group) => ({ model: "a", ...group }));
    const cut = arrangeGroups(["model", "day"], groups, { limit: 2 });
    expect(cut.groups.map(({ day }) => day)).toEqual(["2026-10-02", "2026-10-05"]);
    expect(cut.others).toMatchObject({ count: 1, areEarlier: true });
    const named = arrangeGroups(["model", "day"], groups, { limit: 2, sort: "name" });
    expect(named.groups.map(({ day }) => day)).toEqual(["2026-10-01", "2026-10-02"]);
  });

  test("unless they are sorted by something else", () => {
    const { groups, others } = arrangeGroups(["day"], days, { limit: 1, sort: "executions" });
    expect(groups.map(({ day }) => day)).toEqual(["2026-10-05"]);
    expect(others).toMatchObject({ count: 2, areEarlier: false });
  });

  test("to none: everything is summed up", () => {
    expect(arrangeGroups(["model"], models, { limit: 0 })).toMatchObject({
      groups: [],
      others: { count: 3, usage: { executions: 15 } },
    });
  });
});

describe("gaps between days", () => {
  const daysOf = (...names: readonly string[]) =>
    withGaps(
      arrangeGroups(
        ["day"],
        names.map((day) => ({ day, ...usageOf() })),
      ),
    ).groups.map(({ day, executions }) => `${day}: ${executions}`);

  test("are a row of zeros", () => {
    expect(daysOf("2026-02-27", "2026-03-01", "2026-03-02", "2026-03-06")).toEqual([
      "2026-02-27: 10",
      "⋮ 1 day: 0",
      "2026-03-01: 10",
      "2026-03-02: 10",
      "⋮ 3 days: 0",
      "2026-03-06: 10",
    ]);
  });

  test("are left out where one of both is no day", () => {
    expect(daysOf("2026-02-27", "not a day")).toEqual(["2026-02-27: 10", "not a day: 10"]);
  });

  test("of nothing are none", () => {
    expect(daysOf()).toEqual([]);
  });
});
