import { describe, expect, test } from "bun:test";
import { formatPivotCsv, pivot, pivotColumns } from "../../../src/report/format/pivot";
import type { GroupKey, UsageGroup, UsageReport } from "../../../src/report/types";
import { reportHead, usageOf } from "../../support/usage";

const cell = (repo: string, month: string, costUsd: number) => ({
  repo,
  month,
  ...usageOf({ costUsd, executions: costUsd * 10, failures: costUsd }),
});
const CELLS = [
  cell("a", "2026-01", 1),
  cell("a", "2026-02", 2),
  cell("b", "2026-02", 5),
  cell("c", "2026-01", 0.5),
];

function sumBy(key: "repo" | "month"): UsageGroup[] {
  return Array.from(
    Map.groupBy(CELLS, (group) => group[key]),
    ([name, some]) => {
      const costUsd = some.reduce((sum, group) => sum + group.costUsd, 0);
      return { [key]: name, ...usageOf({ costUsd, executions: costUsd * 10, failures: costUsd }) };
    },
  );
}

function reportBy(...by: readonly GroupKey[]): UsageReport {
  const costUsd = 8.5;
  return {
    ...reportHead(),
    by,
    totals: usageOf({ costUsd, executions: 85, failures: costUsd }),
    groups: CELLS,
    subtotals: {
      repo: sumBy("repo").sort((a, b) => b.costUsd - a.costUsd),
      month: sumBy("month").sort((a, b) => (`${a.month}` < `${b.month}` ? -1 : 1)),
    },
  };
}

const rowsOf = (table: ReturnType<typeof pivot>) =>
  [...table.rows, table.total].map((row) => pivotColumns(table).map(({ text }) => text(row)));

describe("a pivot table", () => {
  test("has the values of the second key as columns, and a total of each row and column", () => {
    const table = pivot(reportBy("repo", "month"), {});
    expect(pivotColumns(table).map(({ header }) => header)).toEqual([
      "repo",
      "2026-01",
      "2026-02",
      "total cost USD",
    ]);
    expect(rowsOf(table)).toEqual([
      ["b", "", "5.0000", "5.0000"],
      ["a", "1.0000", "2.0000", "3.0000"],
      ["c", "0.5000", "", "0.5000"],
      ["total", "1.5000", "7.0000", "8.5000"],
    ]);
  });

  test("sums up the rows that are not shown, column by column", () => {
    const table = pivot(reportBy("repo", "month"), { limit: 1 });
    expect(rowsOf(table).map(([name]) => name)).toEqual(["b", "2 others", "total"]);
    expect(formatPivotCsv(table)).toBe(
      "repo,2026-01,2026-02,total\r\nb,,5,5\r\n2 others,1.5,2,3.5\r\ntotal,1.5,7,8.5\r\n",
    );
  });

  test("of times keeps the latest rows, and has the others before them", () => {
    const table = pivot(reportBy("month", "repo"), { limit: 1 });
    expect(rowsOf(table).map(([name]) => name)).toEqual(["1 earlier", "2026-02", "total"]);
  });

  test("shows the amount that it is sorted by", () => {
    const table = pivot(reportBy("repo", "month"), { sort: "executions" });
    expect(pivotColumns(table).at(-1)?.header).toBe("total executions");
    expect(rowsOf(table)[0]).toEqual(["b", "", "50", "50"]);
    expect(formatPivotCsv(table)).toStartWith("repo,2026-01,2026-02,total\r\nb,,50,50\r\n");
  });

  test("leaves out first what cost least, of times the earliest", () => {
    const omissions = (by: readonly GroupKey[]) =>
      pivotColumns(pivot(reportBy(...by), {})).map(({ header, omission }) => [header, omission]);
    expect(omissions(["repo", "month"]).slice(1, 3)).toEqual([
      ["2026-01", 2],
      ["2026-02", 1],
    ]);
    expect(omissions(["month", "repo"]).slice(1, 4)).toEqual([
      ["b", 1],
      ["a", 2],
      ["c", 3],
    ]);
  });
});
