import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DAY_MS } from "../../src/record/time";
import type { Span } from "../../src/report/conditions";
import { isEmpty, planUsage } from "../../src/report/usage-plan";

const at = (text: string) => Date.parse(text.length === 10 ? `${text}T00:00Z` : `${text}Z`);
const span = (from: string, to: string): Span => ({ fromMs: at(from), toMs: at(to) });
const EVER: Span = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
const USUAL = { hasRollups: true, purgedBeforeMs: undefined, needsOtherDays: false };

test("all time is read from the sums alone", () => {
  expect(planUsage(EVER, USUAL)).toMatchObject({ days: EVER, rows: [] });
});

test("whole days are read from the sums, what is cut off at the ends from the executions", () => {
  expect(planUsage(span("2026-01-30T10:00", "2026-02-02T00:01"), USUAL)).toMatchObject({
    days: span("2026-01-31", "2026-02-02"),
    rows: [span("2026-01-30T10:00", "2026-01-31"), span("2026-02-02", "2026-02-02T00:01")],
  });
});

test.each([
  ["within a day", span("2026-01-30T10:00", "2026-01-30T11:00")],
  ["around a midnight", span("2026-01-30T23:00", "2026-01-31T01:00")],
])("%s the executions are read, once", (_, hours) => {
  const { days, rows } = planUsage(hours, USUAL);
  expect(isEmpty(days)).toBe(true);
  expect(rows).toEqual([hours]);
});

test("the last day of all is read once", () => {
  const last = { fromMs: at("9999-12-31T10:00"), toMs: Number.POSITIVE_INFINITY };
  const { days, rows } = planUsage(last, USUAL);
  expect(isEmpty(days)).toBe(true);
  expect(rows).toEqual([last]);
});

test("days of another zone are read from the executions", () => {
  const { days, rows } = planUsage(EVER, { ...USUAL, needsOtherDays: true });
  expect(isEmpty(days)).toBe(true);
  expect(rows).toEqual([EVER]);
});

test("without sums everything is", () => {
  const { days, rows } = planUsage(EVER, { ...USUAL, hasRollups: false });
  expect(isEmpty(days)).toBe(true);
  expect(rows).toEqual([EVER]);
});

describe("after a purge in the midst of 31 January", () => {
  const purged = { ...USUAL, purgedBeforeMs: at("2026-01-31T15:00") };

  test("what begins later is as if nothing had been purged", () => {
    const later = span("2026-01-31T15:00", "2026-03-01T10:00");
    expect(planUsage(later, purged)).toEqual(planUsage(later, USUAL));
  });

  test("purged days are read from the sums also for another zone", () => {
    const plan = planUsage(EVER, { ...purged, needsOtherDays: true });
    expect(plan).toMatchObject({
      isPurged: true,
      days: { fromMs: Number.NEGATIVE_INFINITY, toMs: at("2026-02-01") },
      rows: [{ fromMs: at("2026-02-01"), toMs: Number.POSITIVE_INFINITY }],
    });
  });

  test("a purged day whose beginning is not asked for is left out", () => {
    const plan = planUsage(span("2026-01-10T10:00", "2026-02-03T10:00"), purged);
    expect(plan).toMatchObject({
      counted: span("2026-01-11", "2026-02-03T10:00"),
      days: span("2026-01-11", "2026-02-03"),
      rows: [span("2026-02-03", "2026-02-03T10:00")],
      leftOutDayMs: at("2026-01-10"),
    });
    expect(plan).not.toHaveProperty("wholeDayMs");
  });

  test("a purged day whose end is not asked for is counted whole", () => {
    const plan = planUsage(span("2026-01-10", "2026-01-31T20:00"), purged);
    expect(plan).toMatchObject({
      days: span("2026-01-10", "2026-02-01"),
      rows: [],
      wholeDayMs: at("2026-01-31"),
    });
    expect(plan).not.toHaveProperty("leftOutDayMs");
  });

  test("of a span within a purged day nothing is counted", () => {
    const plan = planUsage(span("2026-01-31T10:00", "2026-01-31T20:00"), purged);
    expect(plan).toMatchObject({ rows: [], leftOutDayMs: at("2026-01-31") });
    expect(isEmpty(plan.days)).toBe(true);
    expect(plan).not.toHaveProperty("wholeDayMs");
  });

  test("what begins within it is read from the day after on", () => {
    const plan = planUsage(span("2026-01-31T10:00", "2026-02-01T20:00"), purged);
    expect(isEmpty(plan.days)).toBe(true);
    expect(plan.rows).toEqual([span("2026-02-01", "2026-02-01T20:00")]);
  });
});

const hour = fc.integer({ min: 0, max: 240 }).map((hours) => at("2026-01-25") + hours * (DAY_MS / 24));

test("adjacent spans together count every hour once, but for the rest of the day in which a purge ended", () => {
  const anyTimes = fc.uniqueArray(hour, { minLength: 1, maxLength: 4 });
  const anySources = fc.record({
    hasRollups: fc.constant(true),
    purgedBeforeMs: fc.option(hour, { nil: undefined }),
    needsOtherDays: fc.boolean(),
  });
  fc.assert(
    fc.property(anyTimes, anySources, (times, sources) => {
      const { purgedBeforeMs = Number.NaN } = sources;
      const cuts = [Number.NEGATIVE_INFINITY, ...times.toSorted((a, b) => a - b), Number.POSITIVE_INFINITY];
      const parts = cuts.slice(1).flatMap((toMs, index) => {
        const { days, rows } = planUsage({ fromMs: cuts[index] ?? toMs, toMs }, sources);
        return [days, ...rows];
      });
      for (let ms = at("2026-01-24"); ms < at("2026-02-06"); ms += DAY_MS / 24) {
        const isOfThatDay = purgedBeforeMs <= ms && ms < Math.ceil(purgedBeforeMs / DAY_MS) * DAY_MS;
        const counted = parts.filter(({ fromMs, toMs }) => fromMs <= ms && ms < toMs).length;
        if (!isOfThatDay) expect({ ms, counted }).toEqual({ ms, counted: 1 });
      }
    }),
  );
});
