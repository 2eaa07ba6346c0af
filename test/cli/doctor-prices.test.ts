import { expect, test } from "bun:test";
import { createTelemetryStore, type TelemetryRecord } from "../../src/index";
import { openLedger, usageReport } from "../../src/report";
import { runCli } from "../support/fake-terminal";
import { newPath } from "../support/read-ledgers";

const run = {
  ...{ repo: "o/r", eventType: "push", conclusion: "success", completedAt: "2026-11-01T12:00:00Z" },
  ...{ model: "claude-sonnet-4-5", inputTokens: 1_000_000, outputTokens: 100_000 },
};
const times = (count: number, record: TelemetryRecord) => Array.from({ length: count }, () => record);

async function pricesOf(records: readonly TelemetryRecord[]) {
  const db = newPath();
  {
    using store = createTelemetryStore({ dbPath: db });
    store.recordMany(records);
  }
  const { out } = await runCli(["doctor", "--json", "--db", db]);
  const { findings } = JSON.parse(out) as { findings: { check: string; level: string; message: string }[] };
  return findings.find(({ check }) => check === "prices");
}

test("doctor: what was reported is what the list says, up to 5 %", async () => {
  expect(await pricesOf([])).toMatchObject({ level: "ok", message: "there is nothing to compare" });
  expect(await pricesOf(times(5, { ...run, costUsd: 4.5 * 1.04 }))).toMatchObject({
    level: "ok",
    message: expect.stringMatching(
      /^@pydantic\/genai-prices [\d.]+ agrees with what was reported, of 1 model$/,
    ),
  });
});

test("doctor names models whose median is off, of executions of several models too", async () => {
  const haiku = { model: "claude-haiku-4-5", inputTokens: 1_000_000, outputTokens: 100_000, costUsd: 1.5 };
  const { model, inputTokens, outputTokens, ...rest } = run;
  const models = [{ model, inputTokens, outputTokens, costUsd: 9 }, haiku];
  const records = [...times(3, { ...run, costUsd: 9 }), ...times(2, { ...rest, models })];
  expect(await pricesOf([...records, { ...run, costUsd: 4.5 }])).toMatchObject({
    level: "note",
    message: expect.stringMatching(
      / is off: claude-sonnet-4-5 0\.500 times what was reported \(median of 6\)$/,
    ),
    remedy: expect.stringContaining("prices of your own"),
  });
});

test("doctor names models without a price, and those that could have one", async () => {
  const records = [
    ...times(2, { ...run, model: "own\u001b-model" }),
    run,
    { ...run, inputTokens: null, outputTokens: null },
  ];
  expect(await pricesOf(records)).toMatchObject({
    level: "note",
    message: "no price for own\\u{1b}-model (2); without a cost, but with a price: claude-sonnet-4-5 (1)",
    remedy: expect.stringContaining("runledger reprice --db"),
  });
});

test("doctor sends nobody to reprice for what that can't price, nor judges a cost that no model said", async () => {
  const haiku = { model: "claude-haiku-4-5", inputTokens: 1_000_000, outputTokens: 100_000 };
  const { model, inputTokens, outputTokens, ...rest } = run;
  const records = [
    ...times(5, { ...rest, costUsd: 12, models: [{ model, inputTokens, outputTokens }, haiku] }),
    { ...run, labels: { service_tier: "flex" } },
    { ...run, outputTokens: null },
    { ...rest, models: [{ model, costUsd: 1 }, { model: "own-model-7b" }] },
  ];
  expect(await pricesOf(records)).toMatchObject({ level: "ok", message: "there is nothing to compare" });
});

test("doctor names who serves a model where its name doesn't tell", async () => {
  expect(await pricesOf([{ ...run, provider: "my-proxy" }])).toMatchObject({
    message: "no price for claude-sonnet-4-5 of my-proxy (1)",
  });
});

test("where costs are estimated, a report's notes name the models without one", async () => {
  const db = newPath();
  {
    using store = createTelemetryStore({ dbPath: db });
    store.recordMany([...times(3, { ...run, model: "own-model-7b" }), { ...run, model: "other" }, run]);
  }
  const notes = async (filter = {}) => {
    await using ledger = await openLedger(db);
    return (await usageReport(ledger, filter)).notes;
  };
  expect(await notes()).toEqual([]);
  await runCli(["reprice", "--db", db]);
  expect(await notes()).toEqual(["Executions without a cost, by model: own-model-7b (3), other (1)."]);
  expect(await notes({ model: "other" })).toEqual(["Executions without a cost, by model: other (1)."]);
  expect(await notes({ model: "claude*" })).toEqual([]);
});
