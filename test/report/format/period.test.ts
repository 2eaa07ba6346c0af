import { expect, test } from "bun:test";
import { formatBar } from "../../../src/report/format/bar";
import { formatPeriod } from "../../../src/report/format/period";
import { reportHead } from "../../support/usage";

const { filter } = reportHead();

test.each([
  ["2026-10-01T00:00:00.000Z", null, "UTC", "since 2026-10-01 (UTC)"],
  [null, "2026-10-01T00:00:00.000Z", "UTC", "until 2026-09-30 (UTC)"],
  [null, null, "UTC", "all time (UTC)"],
  ["2026-10-01T00:00:00.000Z", "2026-10-29T00:00:00.000Z", "UTC", "2026-10-01 – 2026-10-28 (UTC)"],
  ["2026-10-01T00:00:00.000Z", "2026-10-02T00:00:00.000Z", "UTC", "2026-10-01 (UTC)"],
  [
    "2026-10-01T12:30:05.250Z",
    "2026-10-02T01:00:00Z",
    "UTC",
    "2026-10-01 12:30:05 – 2026-10-02 01:00:00 (UTC)",
  ],
  [
    "2026-10-24T22:00:00.000Z",
    "2026-10-25T23:00:00.000Z",
    "Europe/Berlin",
    // A day of 25 hours.
    "2026-10-25 (Europe/Berlin)",
  ],
  // Where the clock skips midnight, the day begins at one.
  ["2026-09-06T04:00:00.000Z", null, "America/Santiago", "since 2026-09-06 (America/Santiago)"],
])("from %p until %p in %s: %s", (since, until, timeZone, period) => {
  expect(formatPeriod({ ...filter, since, until, timeZone })).toBe(period);
});

test.each([
  [0, ""],
  [Number.NaN, ""],
  [0.000_1, "▏"],
  [0.5, "█████"],
  [0.56, "█████▋"],
  [1, "██████████"],
])("a share of %p is the bar %p", (share, bar) => {
  expect(formatBar(share, 10)).toBe(bar);
});
