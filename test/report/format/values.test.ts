import { describe, expect, test } from "bun:test";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatUsd,
  printable,
  usdColumn,
} from "../../../src/report/format/values";

test("counts have separators between their thousands", () => {
  expect([0, 999, 1_000, 5_924, 1_234_567, Number.MAX_SAFE_INTEGER].map(formatCount)).toEqual([
    "0",
    "999",
    "1,000",
    "5,924",
    "1,234,567",
    "9,007,199,254,740,991",
  ]);
});

describe("money", () => {
  test.each([
    [0, "0.00"],
    [0.0004, "0.0004"],
    [0.00044, "0.00044"],
    [0.000012, "0.000012"],
    [0.0412, "0.0412"],
    [0.18611290000000003, "0.1861"],
    [0.5, "0.5000"],
    [0.99996, "1.00"],
    [1, "1.00"],
    [9_990.01, "9,990.01"],
    [12_345, "12,345.00"],
    [1_234_567.891, "1,234,567.89"],
    [-0.5, "-0.5000"],
    [-1_234.5, "-1,234.50"],
    [5e-324, "4.9e-324"],
    [1e22, "1e+22"],
  ])("of %d is %s", (value, text) => {
    expect(formatUsd(value)).toBe(text);
  });

  test.each([
    [
      [1.81, 0.00073, 0.185, 0],
      ["1.81000", "0.00073", "0.18500", "0.00000"],
    ],
    [
      [177.31, 0.3546, 12_345.6],
      ["177.3100", "0.3546", "12,345.6000"],
    ],
    [
      [9_990.01, 1],
      ["9,990.01", "1.00"],
    ],
    [
      [0.5, 0.000000042, 5e-324, 1e22, -3],
      ["0.500000", "0.000000042", "4.9e-324", "1e+22", "-3.000000"],
    ],
    [[], []],
  ])("in one column %p has one number of decimals", (amounts, texts) => {
    expect(amounts.map(usdColumn(amounts))).toEqual(texts);
  });

  test("of a later page has them too, unless it would be zero", () => {
    const format = usdColumn([12.5]);
    expect([0.126, 0.004].map(format)).toEqual(["0.13", "0.0040"]);
  });

  test("has two digits that count, whatever it is", () => {
    for (let value = 1.37; value > 1e-11; value /= 3) {
      expect(Math.abs(Number(formatUsd(value)) - value)).toBeLessThanOrEqual(value * 0.05);
    }
  });
});

test.each([
  [0, "0 ms"],
  [0.4, "0 ms"],
  [850, "850 ms"],
  [999.6, "1.0 s"],
  [8_450, "8.5 s"],
  [59_940, "59.9 s"],
  [59_960, "1 min 00 s"],
  [312_000, "5 min 12 s"],
  [3_599_600, "1 h 00 min"],
  [3_725_000, "1 h 02 min"],
  [9_000_000_000, "2,500 h 00 min"],
])("a duration of %d ms is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("shares are per cent, sizes are in the largest fitting unit", () => {
  expect([0, 0.1234, 1].map(formatShare)).toEqual(["0.0 %", "12.3 %", "100.0 %"]);
  expect([0, 417, 999, 1_000, 1_440_000, 99_999, 999_999, 5e9, 2e15].map(formatBytes)).toEqual([
    "0 B",
    "417 B",
    "999 B",
    "1.0 kB",
    "1.4 MB",
    "100 kB",
    "1.0 MB",
    "5.0 GB",
    "2000 TB",
  ]);
});

test("what would act on a terminal, or can't be seen, is shown by its number", () => {
  expect(printable("octo-org/日本語 👾")).toBe("octo-org/日本語 👾");
  expect(printable("a\u001b[2J\nb\u202Ec\u200b\ud83d")).toBe(
    "a\\u{1b}[2J\\u{a}b\\u{202e}c\\u{200b}\\u{d83d}",
  );
});
