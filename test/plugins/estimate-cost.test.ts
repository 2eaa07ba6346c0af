import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { calcPrice } from "@pydantic/genai-prices";
import {
  createApp,
  type TelemetryPluginOptions,
  type TelemetryRecord,
  telemetryPlugin,
} from "../../src/index";
import { tries } from "../support/effort";
import { read } from "../support/ledger";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const dir = tempDir();
const completedAt = new Date("2026-11-01T12:00:00Z");
const run = { repo: "o/r", eventType: "push", conclusion: "success", completedAt };
const sonnet = { ...run, model: "claude-sonnet-4-5", inputTokens: 1_000_000, outputTokens: 100_000 };
let files = 0;

/** What is in a ledger after records were emitted. */
async function recorded(options: TelemetryPluginOptions, records: Iterable<TelemetryRecord>) {
  files += 1;
  const dbPath = join(dir, `${files}.db`);
  const logger = recordingLogger();
  const app = createApp({ logger }).use(telemetryPlugin, { dbPath, retentionDays: false, ...options });
  const telemetry = app.get(telemetryPlugin);
  for (const record of records) {
    app.emitter.emit("execution:completed", record);
    // No more than the queue takes.
    if (telemetry.stats().received % 20_000 === 0) await telemetry.flush();
  }
  const report = await telemetry.close();
  return { dbPath, logger, report };
}

describe.each(["thread", "inline"] as const)("the writer %s", (writer) => {
  test("estimates what nobody reported, in the sums per day too", async () => {
    const records = [sonnet, { ...sonnet, costUsd: 7 }, { ...sonnet, model: "own-model-7b" }];
    const { dbPath } = await recorded({ writer, estimateCost: true }, records);
    expect(read(dbPath, "SELECT cost_usd, cost_source FROM executions ORDER BY id")).toEqual([
      { cost_usd: 4.5, cost_source: "estimated" },
      { cost_usd: 7, cost_source: "reported" },
      { cost_usd: 0, cost_source: "unknown" },
    ]);
    const sums = "SELECT model, cost_usd, estimated_cost_usd, without_cost FROM usage_daily ORDER BY model";
    expect(read(dbPath, sums)).toEqual([
      { model: "claude-sonnet-4-5", cost_usd: 11.5, estimated_cost_usd: 4.5, without_cost: 0 },
      { model: "own-model-7b", cost_usd: 0, estimated_cost_usd: 0, without_cost: 1 },
    ]);
    const [list] = read(dbPath, "SELECT value FROM ledger WHERE key = 'price_list'");
    expect(list?.["value"]).toMatch(/^@pydantic\/genai-prices \d/);
  });

  test("prices of one's own go before the list", async () => {
    const prices = [{ model: "own-model-7b", inputPerMillion: 1, outputPerMillion: 10 }];
    const { dbPath } = await recorded({ writer, estimateCost: { prices } }, [
      { ...sonnet, model: "own-model-7b" },
    ]);
    expect(read(dbPath, "SELECT cost_usd FROM executions")).toEqual([{ cost_usd: 2 }]);
  });
});

test("without the option nothing is estimated, and no list is named", async () => {
  const { dbPath } = await recorded({}, [sonnet]);
  expect(read(dbPath, "SELECT cost_source FROM executions")).toEqual([{ cost_source: "unknown" }]);
  expect(read(dbPath, "SELECT value FROM ledger WHERE key = 'price_list'")).toEqual([]);
});

test("a price list that fails stops no record, and is told once", async () => {
  // A price that is no number can't come through the options: it stands for any fault of the package.
  const { Estimator } = await import("../../src/writer/estimator");
  const { toExecutionRow } = await import("../../src/ledger/row");
  const { locatePrices } = await import("../../src/prices/genai-prices");
  const told: string[] = [];
  const prices = [null as never];
  const estimator = new Estimator({ location: locatePrices(), prices }, (reason) => told.push(reason));
  for (let index = 0; index < 2; index += 1)
    expect(estimator.estimate(toExecutionRow(sonnet))).toMatchObject({ cost_source: "unknown" });
  expect(told).toEqual([expect.stringMatching(/^costs could not be estimated: /)]);
});

test.each([
  [{ estimateCost: "yes" }, /estimateCost: expected true, false, or an object with prices/],
  [{ estimateCost: { prices: [{ model: "a" }] } }, /estimateCost: prices\.0\.inputPerMillion: expected/],
  [
    { estimateCost: true, store: { record() {}, purgeOlderThan: () => 0, checkpoint() {} } },
    /store excludes/,
  ],
])("wrong options are refused by name: %#", async (options, message) => {
  const error = await thrownBy(() => createApp().use(telemetryPlugin, options as TelemetryPluginOptions));
  expect(error).toMatchObject({ code: "INVALID_OPTION", message: expect.stringMatching(message) });
});

/** What a token of each kind costs, by the package itself. */
function perToken(model: string) {
  const cost = (usage: Record<string, number>) =>
    (calcPrice(usage, model, { timestamp: completedAt })?.total_price ?? Number.NaN) / 10_000;
  return {
    input: cost({ input_tokens: 10_000 }),
    output: cost({ output_tokens: 10_000 }),
    read: cost({ input_tokens: 10_000, cache_read_tokens: 10_000 }),
    written: cost({ input_tokens: 10_000, cache_write_tokens: 10_000 }),
  };
}

test("of many mixed records nothing is lost, and the sums equal those of the package itself", async () => {
  const models = ["claude-sonnet-4-5", "claude-haiku-4-5", "gpt-5", "gemini-2.5-pro", "own-model-7b"];
  const rates = models.map(perToken);
  const most = tries(20_000, 1_000_000);
  const expected = { reportedUsd: 0, estimatedUsd: 0, unknown: 0 };
  function* records(): Generator<TelemetryRecord> {
    for (let index = 0; index < most; index += 1) {
      const which = index % models.length;
      const [input, output, read, written] = [index % 7_001, index % 997, index % 50_021, index % 3_001];
      const costUsd = index % 3 === 0 ? (index % 100) / 100 : undefined;
      const rate = rates[which] ?? perToken("");
      const cost = input * rate.input + output * rate.output + read * rate.read + written * rate.written;
      const isKnown = !Number.isNaN(cost) && input + read + written > 0 && output > 0;
      if (costUsd !== undefined) expected.reportedUsd += costUsd;
      else if (isKnown) expected.estimatedUsd += cost;
      else expected.unknown += 1;
      const tokens = { inputTokens: input, outputTokens: output };
      const cached = { cacheReadTokens: read, cacheCreationTokens: written };
      yield { ...run, model: models[which] ?? "", ...tokens, ...cached, costUsd };
    }
  }
  const { dbPath, report } = await recorded({ estimateCost: true }, records());
  expect(report).toMatchObject({ written: most, rejected: 0, dropped: 0, spilled: 0, queued: 0 });
  const [sums] = read(
    dbPath,
    `SELECT sum(executions) AS executions, sum(cost_usd) AS cost, sum(estimated_cost_usd) AS estimated,
       sum(without_cost) AS unknown FROM usage_daily`,
  );
  expect(sums).toEqual({
    executions: most,
    cost: expect.closeTo(expected.reportedUsd + expected.estimatedUsd, 6),
    estimated: expect.closeTo(expected.estimatedUsd, 6),
    unknown: expected.unknown,
  });
});
