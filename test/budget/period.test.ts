import { expect, test } from "bun:test";
import fc from "fast-check";
import { periodAt } from "../../src/budget/period";
import { DAY_MS } from "../../src/record/time";
import { dayIn, startOfDay } from "../../src/report/time-zone";

test.each([
  // Clocks are put forward on the last Sunday of March, and back on that of October: days of 23 and 25 hours.
  ["day", "Europe/Berlin", "2026-03-29T10:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"],
  ["day", "Europe/Berlin", "2026-10-25T00:30Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"],
  ["week", "Europe/Berlin", "2026-03-29T21:59:59.999Z", "2026-03-22T23:00Z", "2026-03-29T22:00Z"],
  ["month", "Europe/Berlin", "2026-10-31T22:59:59.999Z", "2026-09-30T22:00Z", "2026-10-31T23:00Z"],
  // By half an hour.
  ["day", "Australia/Lord_Howe", "2026-04-04T20:00Z", "2026-04-04T13:00Z", "2026-04-05T13:30Z"],
  // Where clocks skip midnight, the day begins at one.
  ["day", "America/Santiago", "2026-09-06T12:00Z", "2026-09-06T04:00Z", "2026-09-07T03:00Z"],
  // Weeks begin on Monday, also when the year does not.
  ["week", "UTC", "2027-01-03T23:59:59.999Z", "2026-12-28T00:00Z", "2027-01-04T00:00Z"],
  ["week", "UTC", "2027-01-04T00:00Z", "2027-01-04T00:00Z", "2027-01-11T00:00Z"],
  ["month", "UTC", "2028-02-29T12:00Z", "2028-02-01T00:00Z", "2028-03-01T00:00Z"],
  ["month", "UTC", "2026-12-31T23:59:59.999Z", "2026-12-01T00:00Z", "2027-01-01T00:00Z"],
  ["month", "Pacific/Kiritimati", "2026-11-30T10:00Z", "2026-11-30T10:00Z", "2026-12-31T10:00Z"],
] as const)("a %s in %s: at %s", (per, timeZone, at, since, until) => {
  const iso = (text: string) => new Date(text).toISOString();
  const period = periodAt(per, timeZone, Date.parse(at));
  expect(period).toEqual({
    startMs: Date.parse(since),
    endMs: Date.parse(until),
    since: iso(since),
    until: iso(until),
  });
});

test("a budget per execution has no period", () => {
  expect(periodAt("execution", "UTC", 0)).toMatchObject({
    startMs: -Infinity,
    endMs: Infinity,
    since: null,
    until: null,
  });
});

test("periods follow each other without a gap, and begin where the days of reports do", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("day" as const, "week" as const, "month" as const),
      fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"),
      fc.integer({ min: Date.parse("2000-01-01"), max: Date.parse("2090-01-01") }),
      (per, timeZone, atMs) => {
        const { startMs, endMs } = periodAt(per, timeZone, atMs);
        expect(atMs).toBeWithin(startMs, endMs);
        expect(periodAt(per, timeZone, startMs)).toMatchObject({ startMs, endMs });
        expect(periodAt(per, timeZone, endMs - 1)).toMatchObject({ startMs, endMs });
        expect(periodAt(per, timeZone, endMs).startMs).toBe(endMs);
        expect(startOfDay(dayIn(timeZone, startMs), timeZone)).toBe(startMs);
        const days = (endMs - startMs) / DAY_MS;
        expect(days).toBeWithin(
          { day: 0.9, week: 5.9, month: 26.9 }[per],
          { day: 1.1, week: 7.1, month: 31.1 }[per],
        );
      },
    ),
  );
});
