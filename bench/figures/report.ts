import { Database } from "bun:sqlite";
import { openLedger, summaryReport, usageReport } from "../../src/report";
import { median } from "../results";
import type { Case, Measures, Pace } from "./case";
import type { ReadingFigure } from "./figure";

const MILLION = 1_000_000;
const FEWEST_REPORTS = 5;

/**
 * The default report, repeated; for comparison, the first answer of a new process, and a plain scan.
 */
async function measureReport(dbPath: string, { durationMs }: Pace): Promise<Measures> {
  const startMs = performance.now();
  await using ledger = await openLedger(dbPath);
  const { filter } = await summaryReport(ledger);
  const firstMs = performance.now() - startMs;
  return {
    reportMs: await repeated(() => summaryReport(ledger), durationMs),
    labelMs: await repeated(() => usageReport(ledger, { since: "30d", by: ["label:team"] }), durationMs),
    firstMs,
    scanMs: measureScan(dbPath, `${filter.since}`),
  };
}

/** The median time of a repeated action. */
async function repeated(run: () => Promise<unknown>, durationMs: number): Promise<number> {
  const timesMs: number[] = [];
  for (
    const endMs = performance.now() + durationMs;
    performance.now() < endMs || timesMs.length < FEWEST_REPORTS;
  ) {
    const beginMs = performance.now();
    await run();
    timesMs.push(performance.now() - beginMs);
  }
  return median(timesMs);
}

const SUMS = [
  "count(*)",
  "sum(conclusion NOT IN ('success', 'neutral', 'skipped'))",
  "sum(cost_source = 'unknown')",
  ...[
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_creation_tokens",
    "num_turns",
    "cost_usd",
    "duration_ms",
  ].map((column) => `sum(${column})`),
].join(", ");

/** The same sums with plain SQL on the executions, without percentiles. */
function measureScan(dbPath: string, since: string): number {
  using database = new Database(dbPath, { readwrite: true, create: false });
  const startMs = performance.now();
  for (const key of ["substr(created_at, 1, 10)", "repo", "model", "event_type"]) {
    using scan = database.prepare(`SELECT ${key}, ${SUMS} FROM executions WHERE created_at >= ? GROUP BY 1`);
    scan.all(since.slice(0, 10));
  }
  return performance.now() - startMs;
}

const caseOf = (rows: number): Case => ({
  contender: "runledger",
  repositories: 20,
  models: 5,
  labels: 3,
  rows,
});

export const report: ReadingFigure = {
  title:
    "reportMs: the default report, of the last 30 of 90 days, by day, repository, model and event type; labelMs: --by label:team --since 30d",
  columns: ["reportMs", "labelMs", "firstMs", "scanMs"],
  cases: (isQuick) => (isQuick ? [MILLION / 100, MILLION / 10] : [MILLION / 10, 10 * MILLION]).map(caseOf),
  pace: (isQuick) => ({ warmUpMs: 0, durationMs: isQuick ? 200 : 2_000 }),
  read: measureReport,
  targets: (results) => {
    const [small, large] = results.cases();
    if (small === undefined || large === undefined) return [];
    const name = `${large.rows?.toLocaleString("en")} executions`;
    return [
      { name: `ms, ${name}`, value: results.median("reportMs", large), limit: 50, isUpperLimit: true },
      {
        name: `ms by label, ${name}`,
        value: results.median("labelMs", large),
        limit: 100,
        isUpperLimit: true,
      },
      {
        name: `${name} × ${small.rows?.toLocaleString("en")}`,
        value: results.paired("reportMs", large, small, (a, b) => a / b),
        limit: 3,
        isUpperLimit: true,
      },
    ];
  },
};
