import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { loadPage } from "../../src/dashboard/load-page";
import {
  COUNT,
  changeOf,
  compact,
  DURATION,
  difference,
  knownValue,
  MONEY,
} from "../../src/dashboard/page/figures";
import { NAME_FILTERS } from "../../src/dashboard/page/name-filters";
import { stackUp } from "../../src/dashboard/page/stack";
import {
  apiPath,
  axisOf,
  commandLine,
  dayAfter,
  daysOf,
  eachDay,
  hasFilters,
  type NameFilterKey,
  nameParameters,
  type PageState,
  PERIODS,
  parseState,
  SORTS,
  toSearch,
  VIEWS,
  withName,
  withoutFilters,
} from "../../src/dashboard/page/state";
import type { Usage } from "../../src/report/types";
import { tries } from "../support/effort";

const LARGEST_BYTES = 60_000;

test("the page and all that it loads are no more than 60 KB", async () => {
  const { index, assets } = await loadPage();
  const sizes = [index, ...assets.values()].map(({ gzipped }) => gzipped.length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(LARGEST_BYTES);
  const html = new TextDecoder().decode(Bun.gunzipSync(index.gzipped));
  // Nothing inline, which the Content-Security-Policy would refuse; each asset by its hash.
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
  expect([...assets.keys()].every((path) => /^\/\w+-\w{8}\.\w+$/.test(path))).toBe(true);
});

const NOON = Date.parse("2026-11-27T12:00:00Z");
const day = fc
  .nat(3_000)
  .map((days) => new Date(Date.parse("2020-01-01") + days * 86_400_000).toISOString().slice(0, 10));
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }), { maxLength: 3 });
const state: fc.Arbitrary<PageState> = fc.record({
  view: fc.constantFrom(...VIEWS),
  period: fc.oneof(
    fc.constantFrom(...PERIODS),
    fc.tuple(day, day).map((two) => {
      const [from = "", to = ""] = two.toSorted();
      return { from, to };
    }),
  ),
  names: fc.record(
    Object.fromEntries(NAME_FILTERS.map((key) => [key, names])) as Record<NameFilterKey, typeof names>,
  ),
  failed: fc.boolean(),
  exact: fc.boolean(),
  timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Australia/Lord_Howe"),
  changesBy: fc.constantFrom("repo", "model", "label:team"),
  sort: fc.constantFrom(...SORTS),
  columns: fc.option(fc.constantFrom(["repo"], ["repo", "costUsd"]), { nil: undefined }),
  open: fc.option(fc.string({ minLength: 1, unit: "grapheme" }), { nil: undefined }),
});

describe("what the URL says", () => {
  test("is what the page shows, whatever it is", () => {
    fc.assert(
      fc.property(state, (some) => expect(parseState(toSearch(some))).toEqual(some)),
      { numRuns: tries(200, 5_000) },
    );
  });

  test("is the overview of 30 days when it says nothing, or nonsense", () => {
    for (const search of ["", "?view=none&period=ever&from=x&to=y&tz=Nowhere&sort=colour"]) {
      expect(toSearch(parseState(search))).toBe("");
    }
    expect(parseState("?from=2026-02-01&to=2026-01-01").period).toBe("30d");
  });

  test("is with a filter more, or without", () => {
    const filtered = withName(parseState(""), "model", "a/b c");
    expect(toSearch(filtered)).toBe("?model=a%2Fb+c");
    expect(toSearch(withName(filtered, "model", "a/b c"))).toBe("");
    expect([hasFilters(filtered), hasFilters(withoutFilters(filtered))]).toEqual([true, false]);
  });
});

test.each([
  ["", "2026-10-28", "2026-11-28"],
  ["?period=today", "2026-11-27", "2026-11-28"],
  ["?period=7d", "2026-11-20", "2026-11-28"],
  ["?period=this-month", "2026-11-01", "2026-11-28"],
  ["?period=last-month", "2026-10-01", "2026-11-01"],
  ["?period=all", undefined, "2026-11-28"],
  ["?from=2026-01-30&to=2026-01-31", "2026-01-30", "2026-02-01"],
  // There it is the next day already.
  ["?period=today&tz=Pacific/Kiritimati", "2026-11-28", "2026-11-29"],
])("%s is of the days from %s up to %s", (search, since, until) => {
  const days = daysOf(parseState(search), NOON);
  expect([days.since, days.until]).toEqual([since, until]);
});

test("the API and the command line are asked the same", () => {
  const filters = nameParameters(
    parseState("?repo=a b&label=team=core&pr=o/r%237&failed=1&tz=Europe/Berlin"),
  );
  expect(apiPath("api/report", [["since", "2026-11-01"]], filters)).toBe(
    "./api/report?since=2026-11-01&repo=a+b&label=team%3Dcore&pr=o%2Fr%237&failed=1&tz=Europe%2FBerlin",
  );
  expect(commandLine("report", "./it's.db", [["since", "2026-11-01"]], filters)).toBe(
    "runledger report --db './it'\\''s.db' --since 2026-11-01 --repo 'a b' --label team=core --pr 'o/r#7' --failed --tz Europe/Berlin",
  );
});

test("days are each there once", () => {
  expect(eachDay("2026-02-27", "2026-03-02")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  expect(eachDay("2026-02-27", "2026-02-27")).toEqual([]);
});

test.each([
  ["2026-11-01", "2026-11-28", "day", 27],
  ["2025-11-27", "2026-11-28", "week", 53],
  ["2020-01-15", "2026-11-28", "month", 83],
] as const)("an axis from %s up to %s is by %s", (since, until, unit, length) => {
  const days = eachDay(since, until);
  const axis = axisOf(days);
  expect([axis.unit, axis.labels.length]).toEqual([unit, length]);
  // Each day is under one label, and the labels end where the next one begins.
  expect([...new Set(days.map(axis.labelOf))]).toEqual([...axis.labels]);
  for (const [index, label] of axis.labels.entries()) {
    const next = axis.labels[index + 1];
    expect(axis.lastDayOf(label)).toBe(next === undefined ? "2026-11-27" : dayAfter(next, -1));
  }
});

test("stacked bars stand on one another and end at their sum", () => {
  const value = fc.option(fc.nat(1_000), { nil: null });
  fc.assert(
    fc.property(
      fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 7 }),
      (all) => {
        const stack = stackUp(
          all.map((values) => ({ kind: "bar", values })),
          3,
          true,
        );
        for (const index of [0, 1, 2]) {
          const sum = all.reduce((total, values) => total + (values[index] ?? 0), 0);
          expect(stack.at(-1)?.upper[index]).toBe(sum);
          for (const [place, { lower }] of stack.entries()) {
            expect(lower[index]).toBe(place === 0 ? 0 : (stack[place - 1]?.upper[index] ?? Number.NaN));
          }
        }
      },
    ),
  );
  expect(stackUp([{ kind: "line", values: [1, null] }], 2, true)[0]?.upper).toEqual([1, null]);
});

describe("figures", () => {
  test.each([
    [0, "0"],
    [9_999, "9,999"],
    [10_000, "10.0 k"],
    [999_499, "999 k"],
    [999_500, "1.00 M"],
    [2_218_847_967, "2.22 B"],
  ])("%i is %s", (count, text) => expect(compact(count)).toBe(text));

  test("are compared as shares, or in points", () => {
    expect(changeOf({ compare: "share" }, 150, 100)).toBe("▲ 50.0 %");
    expect(changeOf({ compare: "share" }, 50, 100)).toBe("▼ 50.0 %");
    expect(changeOf({ compare: "points" }, 0.25, 0.5)).toBe("▼ 25.0 points");
    expect(changeOf({ compare: "share" }, 5_000, 100)).toBe("▲ × 50");
    expect(changeOf({ compare: "share" }, 100, 100)).toBe("as before");
    for (const before of [0, null, undefined])
      expect(changeOf({ compare: "share" }, 1, before)).toBeUndefined();
  });

  test("are unknown where nobody knows any part of them", () => {
    const usage = { executions: 2, withoutCost: 2, withoutUsage: 2, costUsd: 0, inputTokens: 0 } as Usage;
    expect(knownValue({ field: "costUsd" }, usage)).toBeNull();
    expect(knownValue({ field: "inputTokens" }, usage)).toBeNull();
    expect(knownValue({ field: "executions" }, usage)).toBe(2);
    expect(knownValue({ field: "costUsd" }, { ...usage, withoutCost: 1 })).toBe(0);
  });

  test("have short forms for axes", () => {
    expect([0, 50, 2.5, 0.2, 0.002, 20_000].map(MONEY.axis)).toEqual([
      "$0",
      "$50",
      "$2.50",
      "$0.20",
      "$0.0020",
      "$20.0 k",
    ]);
    expect([0, 500, 30_000, 120_000, 7_200_000].map(DURATION.axis)).toEqual([
      "0",
      "500 ms",
      "30 s",
      "2 min",
      "2 h",
    ]);
    expect(COUNT.axis(12_000)).toBe("12.0 k");
    expect([2, -2].map(difference)).toEqual(["+$2.00", "−$2.00"]);
  });
});
