import { expect, test } from "bun:test";
import fc from "fast-check";
import { cutoffText, toEpochMs, toLedgerTime, unitHint, zoneHint } from "../../src/record/time";

const NOON = Date.UTC(2026, 0, 31, 12, 0, 0, 123);

test.each([
  [new Date(NOON), NOON],
  [NOON, NOON],
  [NOON + 0.9, NOON],
  ["2026-01-31T12:00:00.123Z", NOON],
  ["2026-01-31t12:00:00.123z", NOON],
  ["2026-01-31 12:00:00.123 Z", NOON],
  ["2026-01-31T12:00:00,123Z", NOON],
  ["2026-01-31T12:00:00.1239999999Z", NOON],
  ["2026-01-31T12:00:00.1230000Z", NOON],
  ["2026-01-31T13:30:00.123+01:30", NOON],
  ["2026-01-31T13:30:00.123+0130", NOON],
  ["2026-01-31T05:00:00.123-07", NOON],
  ["2026-01-31T12:00:00Z", NOON - 123],
  ["2026-01-31T12:00:00.1Z", NOON - 23],
  ["2026-01-31T12:00Z", NOON - 123],
  ["0000-01-01T00:00:00Z", Date.parse("0000-01-01T00:00:00Z")],
  ["9999-12-31T23:59:59.999Z", Date.parse("9999-12-31T23:59:59.999Z")],
])("%p is an instant", (instant, epochMs) => {
  expect(toEpochMs(instant)).toBe(epochMs);
});

test.each([
  "",
  "yesterday",
  "1769860800",
  "2026-01-31",
  "2026-01-31T12:00:00.123",
  "2026-02-30T12:00:00Z",
  "2026-13-01T12:00:00Z",
  "2026-01-31T24:00:00Z",
  "2026-01-31T12:60:00Z",
  "2026-01-31T12:00:00+24:00",
  "2026-01-31T12:00:00+01:60",
  "2026-01-31T12:00:00.Z",
  "2026-01-31T12:00:00Z trailing",
  " 2026-01-31T12:00:00Z",
  "9999-12-31T23:59:59-01:00",
  "0000-01-01T00:00:00+01:00",
  Number.NaN,
  Number.POSITIVE_INFINITY,
  8.64e15,
  new Date(Number.NaN),
])("%p is no instant", (instant) => {
  expect(toEpochMs(instant)).toBeUndefined();
});

test("a text that lacks only its zone gets a hint", () => {
  expect(zoneHint("2026-01-31T12:00:00.123")).toContain("append Z");
  expect(zoneHint("2026-01-31 12:00")).toContain("append Z");
  expect(zoneHint("2026-01-31")).toContain("append Z");
  expect(zoneHint("2026-01-31T12:00:00Z")).toBeUndefined();
  expect(zoneHint("yesterday")).toBeUndefined();
});

test.each([
  [NOON / 1_000, "epoch seconds: multiply"],
  [Math.floor(NOON / 1_000), "epoch seconds: multiply"],
  [new Date(NOON / 1_000), "epoch seconds: multiply"],
  [Date.UTC(2000, 0) / 1_000, "epoch seconds: multiply"],
  [NOON * 1_000, "epoch microseconds: divide it by 1000."],
  [NOON * 1_000_000, "epoch nanoseconds: divide it by 1000000."],
])("%p is a time in another unit, and gets a hint", (instant, hint) => {
  expect(unitHint(instant)).toContain(hint);
});

test.each([
  [0],
  [Date.UTC(1970, 0, 2)],
  [Date.UTC(1999, 11, 31)],
  [NOON],
  [Date.UTC(2199, 0)],
  [-NOON / 1_000],
  [Number.NaN],
  ["1769860800"],
  [null],
])("%p is no time in another unit", (instant) => {
  expect(unitHint(instant)).toBeUndefined();
});

test("stored times sort as the instants do, whatever the year", () => {
  const instant = fc.date({
    min: new Date("0000-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59.999Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(instant, instant, (a, b) => {
      expect(toLedgerTime(+a) < toLedgerTime(+b)).toBe(+a < +b);
      expect(toEpochMs(`${toLedgerTime(+a)}Z`)).toBe(+a);
    }),
  );
});

test("a cutoff tells older from not older, with and without stored milliseconds", () => {
  const instant = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2090, 0) });
  fc.assert(
    fc.property(instant, fc.integer({ min: -1500, max: 1500 }), fc.boolean(), (time, offset, onTheSecond) => {
      const cutoffMs = onTheSecond ? time - (time % 1000) : time;
      const cutoff = cutoffText(cutoffMs);
      const stored = cutoffMs + offset;
      if (cutoff === undefined) throw new Error("there is a text for every year from 0000 on");
      expect(toLedgerTime(stored) < cutoff).toBe(stored < cutoffMs);
      const wholeSecond = stored - (stored % 1000);
      expect(toLedgerTime(wholeSecond).slice(0, 19) < cutoff).toBe(wholeSecond < cutoffMs);
    }),
  );
});

test("nothing is older than the year 0000", () => {
  expect(cutoffText(Date.parse("0000-01-01T00:00:00Z"))).toBeUndefined();
  expect(cutoffText(-1e18)).toBeUndefined();
});
