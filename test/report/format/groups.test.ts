import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { arrangeGroups, withGaps } from "../../../src/report/format/groups";
import { usageOf } from "../../support/usage";

const models = [
  {
    model: "b",
    ...usageOf({
      ...{ costUsd: 1, executions: 5, failures: 2, failureRate: 2 / 5 },
      ...{ averageDurationMs: 30, p95DurationMs: null },
      ...{ cacheReadTokens: 150_001, cacheCreationTokens: 9_001 },
    }),
  },
  {
    model: "c",
    ...usageOf({
      ...{ costUsd: 3, executions: 1, failures: 0, failureRate: 0 },
      ...{ averageDurationMs: null, p95DurationMs: 0 },
      ...{ outputTokens: 3_401, cacheReadTokens: 149_998, cacheCreationTokens: 9_002 },
    }),
  },
  {
    model: "a",
    ...usageOf({
      ...{ costUsd: 1, executions: 9, failures: 1, failureRate: 1 / 9 },
      ...{ averageDurationMs: 20, inputTokens: 9e9 },
    }),
  },
];
const days = ["2026-10-01", "2026-10-02", "2026-10-05"].map((day, index) => ({
  day,
  ...usageOf({ executions: index + 1, costUsd: index }),
}));

/** As a report has them: in the order of time, and in each time the costliest first. */
const costsOfMonths = [
  { month: "2026-01", model: "a", ...usageOf({ costUsd: 9 }) },
  { month: "2026-01", model: "b", ...usageOf({ costUsd: 5 }) },
  { month: "2026-01", model: "c", ...usageOf({ costUsd: 1 }) },
  { month: "2026-02", model: "d", ...usageOf({ costUsd: 20 }) },
  { month: "2026-02", model: "e", ...usageOf({ costUsd: 4 }) },
  { month: "2026-02", model: "b", ...usageOf({ costUsd: 2 }) },
  { month: "2026-02", model: "c", ...usageOf({ costUsd: 1 }) },
];

describe("sorted", () => {
  test.each([
    ["cost", "cab"],
    ["executions", "abc"],
    ["failures", "bac"],
    ["failure-rate", "bac"],
    ["tokens", "abc"],
    ["input", "abc"],
    ["output", "cab"],
    ["cache-read", "bac"],
    ["cache-write", "cba"],
    ["duration", "bac"],
    ["p95", "acb"],
    ["name", "abc"],
  ] as const)("by %s: %s; ties by name", (sort, order) => {
    const { groups, others } = arrangeGroups(["model"], models, { sort });
    expect(groups.map(({ model }) => model).join("")).toBe(order);
    expect(others).toEqual([]);
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
    expect(others).toMatchObject([
      {
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
      },
    ]);
  });

  test("of times the latest stay", () => {
    const { groups, others } = arrangeGroups(["day"], days, { limit: 2 });
    expect(groups.map(({ day }) => day)).toEqual(["2026-10-02", "2026-10-05"]);
    expect(others).toMatchObject([{ count: 1, areEarlier: true, usage: { executions: 1 } }]);
  });

  test.each([
    [
      ["month", "model"],
      ["2026-01 a", "2026-01 b", "2026-02 d", "2026-02 e"],
    ],
    [
      ["model", "month"],
      ["a 2026-01", "b 2026-01", "d 2026-02", "e 2026-02"],
    ],
  ] as const)("by %j: of each time its costliest stay, and it has others of its own", (by, shown) => {
    const { groups, others } = arrangeGroups(by, costsOfMonths, { limit: 2 });
    expect(groups.map((group) => by.map((key) => group[key]).join(" "))).toEqual([...shown]);
    expect(others).toMatchObject([
      { count: 1, shared: { month: "2026-01" }, after: { model: "b" }, usage: { costUsd: 1 } },
      { count: 2, shared: { month: "2026-02" }, after: { model: "e" }, usage: { costUsd: 3 } },
    ]);
  });

  test("sorted by name, of each time the first names stay; by an amount, all are ranked together", () => {
    const shown = (sort: "name" | "cost") =>
      arrangeGroups(["month", "model"], costsOfMonths, { sort, limit: 1 }).groups.map(({ model }) => model);
    expect(shown("name")).toEqual(["a", "b"]);
    expect(shown("cost")).toEqual(["d"]);
    const ranked = arrangeGroups(["month", "model"], costsOfMonths, { sort: "cost", limit: 1 });
    expect(ranked.others).toMatchObject([{ count: 6, areEarlier: false, shared: {} }]);
  });

  test("by model, then day, sorted by name: the first names stay", () => {
    const groups = days.map((group) => ({ model: "a", ...group }));
    const named = arrangeGroups(["model", "day"], groups, { limit: 2, sort: "name" });
    expect(named.groups.map(({ day }) => day)).toEqual(["2026-10-01", "2026-10-02"]);
    expect(named.others).toMatchObject([{ count: 1, areEarlier: false }]);
  });

  test("of two times the latest stay", () => {
    const groups = days.map((group) => ({ month: "2026-10", ...group }));
    const { groups: shown, others } = arrangeGroups(["month", "day"], groups, { limit: 1 });
    expect(shown.map(({ day }) => day)).toEqual(["2026-10-05"]);
    expect(others).toMatchObject([{ count: 2, areEarlier: true }]);
  });

  test("whatever is asked, nothing is lost, and no time has more than its limit", () => {
    const amount = fc.nat(5);
    const group = fc
      .record({
        month: fc.constantFrom("2026-01", "2026-02", "2026-03"),
        model: fc.constantFrom(..."abcdef"),
      })
      .chain((keys) => amount.map((costUsd) => ({ ...keys, ...usageOf({ costUsd }) })));
    const groupsInOrder = fc
      .uniqueArray(group, { selector: ({ month, model }) => month + model })
      .map((some) =>
        some.toSorted((a, b) => (a.month < b.month ? -1 : a.month > b.month ? 1 : b.costUsd - a.costUsd)),
      );
    fc.assert(
      fc.property(groupsInOrder, fc.nat(7), (groups, limit) => {
        const table = arrangeGroups(["month", "model"], groups, { limit });
        for (const month of ["2026-01", "2026-02", "2026-03"]) {
          const all = groups.filter((some) => some.month === month);
          const shown = table.groups.filter((some) => some.month === month);
          const [others] = table.others.filter(({ shared }) => shared.month === month);
          expect(shown).toEqual(all.slice(0, limit));
          expect(others?.count ?? 0).toBe(all.length - shown.length);
          const cost = (some: readonly { costUsd: number }[]) =>
            some.reduce((sum, { costUsd }) => sum + costUsd, 0);
          expect(cost(shown) + (others?.usage.costUsd ?? 0)).toBe(cost(all));
        }
      }),
    );
  });

  test("unless they are sorted by something else", () => {
    const { groups, others } = arrangeGroups(["day"], days, { limit: 1, sort: "executions" });
    expect(groups.map(({ day }) => day)).toEqual(["2026-10-05"]);
    expect(others).toMatchObject([{ count: 2, areEarlier: false }]);
  });

  test("to none: everything is summed up", () => {
    expect(arrangeGroups(["model"], models, { limit: 0 })).toMatchObject({
      groups: [],
      others: [{ count: 3, after: undefined, usage: { executions: 15 } }],
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
