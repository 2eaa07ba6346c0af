import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { sql } from "kysely";
import { openPriceList } from "../../src/adapters";
import { LedgerSource } from "../../src/forward/ledger-source";
import { addAdoptedUsage } from "../../src/ledger/adoption";
import { builder } from "../../src/ledger/kysely";
import { openLedgerFile } from "../../src/ledger/open";
import { type Repriced, type RepriceOptions, repriceSlices } from "../../src/ledger/reprice";
import { SqliteLedger } from "../../src/ledger/sqlite-ledger";
import type { TelemetryRecord } from "../../src/record/types";
import { Estimator } from "../../src/writer/estimator";
import { PendingBatch } from "../../src/writer/pending-batch";
import { tries } from "../support/effort";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();
const prices = openPriceList();
const nobody = new Estimator({ location: undefined }, (reason) => expect.unreachable(reason));
let files = 0;

/** A ledger with records, estimated at once or not. */
function ledgerWith(records: readonly TelemetryRecord[], estimator?: Estimator) {
  files += 1;
  const dbPath = join(folder, `${files}.db`);
  const ledger = new SqliteLedger(openLedgerFile(dbPath, { synchronous: "NORMAL" }));
  new PendingBatch(records, { estimator }).writeTo(ledger);
  const reprice = (options: Partial<RepriceOptions> = {}): Repriced[] =>
    [
      ...repriceSlices(ledger.connection, { prices, includesEstimated: false, isDry: false, ...options }),
    ].flat();
  return {
    dbPath,
    connection: ledger.connection,
    reprice,
    [Symbol.dispose]() {
      ledger.close();
      rmSync(dbPath);
    },
  };
}

const ORDERS = {
  executions: "SELECT execution_id, cost_usd, cost_source FROM executions ORDER BY id",
  models: "SELECT * FROM execution_models ORDER BY execution_id, provider, model",
  days: "SELECT * FROM usage_daily ORDER BY day, repo, event_type, provider, model, conclusion",
  labels: "SELECT * FROM usage_daily_labels ORDER BY label, day, value",
};

function contentsOf(dbPath: string) {
  return Object.fromEntries(Object.entries(ORDERS).map(([name, sql]) => [name, read(dbPath, sql)]));
}

/** Sums of fractions differ by the order of addition. */
function rounded(contents: unknown): unknown {
  const round = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toFixed(9)) + 0 : value;
  return JSON.parse(JSON.stringify(contents, round));
}

const count = fc.option(fc.integer({ min: 0, max: 500_000 }), { nil: undefined });
const amounts = {
  model: fc.constantFrom("claude-sonnet-4-5", "gpt-5", "own-model-7b"),
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  costUsd: fc.option(fc.double({ min: 0, max: 10, noNaN: true }), { nil: undefined, freq: 2 }),
  costSource: fc.constantFrom("reported" as const, "estimated" as const, undefined),
};
const common = {
  repo: fc.constantFrom("a", "b"),
  eventType: fc.constant("push"),
  conclusion: fc.constantFrom("success", "failure"),
  executionId: fc.uuid(),
  completedAt: fc.constantFrom("2026-10-31T23:59:59Z", "2026-11-01T12:00:00Z"),
  labels: fc.constantFrom(undefined, { team: "core" }, { team: "core", service_tier: "flex" }),
};
const { costUsd: _, costSource: __, ...tokens } = amounts;
const anyRun: fc.Arbitrary<TelemetryRecord> = fc.oneof(
  fc.record({ ...common, ...amounts }),
  fc.record({
    ...common,
    models: fc.array(fc.oneof(fc.record(amounts), fc.record(tokens)), { minLength: 2, maxLength: 3 }),
  }),
);
const runs = fc.uniqueArray(anyRun, { selector: ({ executionId }) => executionId, maxLength: 12 });

test("estimated afterwards, a ledger is as if it had been estimated at once; and again, nothing changes", () => {
  fc.assert(
    fc.property(runs, (records) => {
      using atOnce = ledgerWith(records, nobody);
      using afterwards = ledgerWith(records);
      afterwards.reprice({ isDry: true });
      afterwards.reprice();
      const repriced = contentsOf(afterwards.dbPath);
      expect(rounded(repriced)).toEqual(rounded(contentsOf(atOnce.dbPath)));
      expect(afterwards.reprice().filter(({ outcome }) => outcome === "priced")).toEqual([]);
      expect(contentsOf(afterwards.dbPath)).toEqual(repriced);
    }),
    { numRuns: tries(30, 1_000) },
  );
});

test("anew and again, nothing changes either; the sums are those of the rows", () => {
  fc.assert(
    fc.property(runs, (records) => {
      using ledger = ledgerWith(records);
      ledger.reprice({ includesEstimated: true });
      const repriced = contentsOf(ledger.dbPath);
      expect(
        ledger.reprice({ includesEstimated: true }).filter(({ outcome }) => outcome === "priced"),
      ).toEqual([]);
      expect(contentsOf(ledger.dbPath)).toEqual(repriced);
      ledger.connection.run(sql`DELETE FROM usage_daily`.compile(builder));
      ledger.connection.run(addAdoptedUsage());
      expect(rounded(contentsOf(ledger.dbPath))).toEqual(rounded(repriced));
    }),
    { numRuns: tries(30, 1_000) },
  );
});

test("a sum of nothing is 0, whatever was in it before", () => {
  const own = (usd: number) => [{ model: "own-model-7b", inputPerMillion: usd, outputPerMillion: usd }];
  const labels = { team: "core" };
  const records = Array.from({ length: 300 }, (_, index) => ({
    ...{ ...run, model: "own-model-7b", labels, conclusion: "failure" },
    ...{ inputTokens: 1 + index * 7, outputTokens: 1 + index },
  }));
  using ledger = ledgerWith(records);
  for (const usd of [0.3, 0.7, 0.1, 0])
    ledger.reprice({ prices: openPriceList({ prices: own(usd) }), includesEstimated: true });
  expect(read(ledger.dbPath, "SELECT cost_usd, estimated_cost_usd FROM usage_daily")).toEqual([
    { cost_usd: 0, estimated_cost_usd: 0 },
  ]);
  const ofLabels = "SELECT cost_usd, failed_cost_usd, estimated_cost_usd FROM usage_daily_labels";
  expect(read(ledger.dbPath, ofLabels)).toEqual([{ cost_usd: 0, failed_cost_usd: 0, estimated_cost_usd: 0 }]);
});

const run = {
  ...{ repo: "o/r", eventType: "push", conclusion: "success", completedAt: "2026-11-01T12:00:00Z" },
  ...{ model: "claude-sonnet-4-5", inputTokens: 1_000_000, outputTokens: 100_000 },
};

test("a cost that was reported is never changed, one that was estimated when it is asked for", () => {
  const records = [
    { ...run, executionId: "reported", costUsd: 1 },
    { ...run, executionId: "estimated", costUsd: 1, costSource: "estimated" as const },
    { ...run, executionId: "unknown" },
  ];
  using ledger = ledgerWith(records);
  const costs = () => read(ledger.dbPath, "SELECT cost_usd AS usd FROM executions").map(({ usd }) => usd);
  ledger.reprice();
  expect(costs()).toEqual([1, 1, 4.5]);
  ledger.reprice({ includesEstimated: true });
  expect(costs()).toEqual([1, 4.5, 4.5]);
  expect(read(ledger.dbPath, "SELECT cost_usd, estimated_cost_usd, without_cost FROM usage_daily")).toEqual([
    { cost_usd: 10, estimated_cost_usd: 9, without_cost: 0 },
  ]);
});

test("what the list has no price for any more keeps its estimate", () => {
  using ledger = ledgerWith([{ ...run, model: "own-model-7b", costUsd: 1, costSource: "estimated" }]);
  expect(ledger.reprice({ includesEstimated: true }).map(({ outcome }) => outcome)).toEqual(["unchanged"]);
});

test("only what completed since a time; a dry run says the same and changes nothing", () => {
  const records = ["2026-10-31", "2026-11-01"].map((day) => ({ ...run, completedAt: `${day}T12:00:00Z` }));
  using ledger = ledgerWith(records);
  const before = contentsOf(ledger.dbPath);
  const since = "2026-11-01 00:00:00";
  const outcomes = (isDry: boolean) => ledger.reprice({ since, isDry }).map(({ outcome }) => outcome);
  expect(outcomes(true)).toEqual(["priced"]);
  expect(contentsOf(ledger.dbPath)).toEqual(before);
  expect(outcomes(false)).toEqual(["priced"]);
  expect(read(ledger.dbPath, "SELECT cost_source FROM executions ORDER BY id")).toEqual([
    { cost_source: "unknown" },
    { cost_source: "estimated" },
  ]);
});

test("many executions, slice by slice", () => {
  using ledger = ledgerWith(Array.from({ length: 2_500 }, () => run));
  expect(ledger.reprice()).toHaveLength(2_500);
  const [sums] = read(ledger.dbPath, "SELECT executions, cost_usd, without_cost FROM usage_daily");
  expect(sums).toEqual({ executions: 2_500, cost_usd: expect.closeTo(2_500 * 4.5, 6), without_cost: 0 });
});

test("what a target has is left as it is, and what is on its way to one", () => {
  using ledger = ledgerWith([run, run, run]);
  read(ledger.dbPath, "INSERT INTO forward_targets (target, last_id) VALUES ('t', 1)");
  using source = new LedgerSource(ledger.dbPath, "t");
  expect(source.executionsAfter(1, 1)).toHaveLength(1);
  expect(ledger.reprice().map(({ outcome }) => outcome)).toEqual(["forwarded", "forwarded", "priced"]);
});

test("rows of an older program are summed first", () => {
  using ledger = ledgerWith([]);
  read(
    ledger.dbPath,
    `INSERT INTO executions (created_at, repo, event_type, model, input_tokens, output_tokens, conclusion)
     VALUES ('2026-11-01 12:00:00', 'o/r', 'push', 'claude-sonnet-4-5', 1000000, 100000, 'success')`,
  );
  ledger.reprice();
  expect(read(ledger.dbPath, "SELECT executions, cost_usd, without_cost FROM usage_daily")).toEqual([
    { executions: 1, cost_usd: 4.5, without_cost: 0 },
  ]);
});
