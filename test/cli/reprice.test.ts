import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { createTelemetryStore } from "../../src/index";
import { runCli } from "../support/fake-terminal";
import { read } from "../support/ledger";
import { newPath } from "../support/read-ledgers";

const run = {
  ...{ repo: "o/r", eventType: "push", conclusion: "success", completedAt: "2026-11-01T12:00:00Z" },
  ...{ model: "claude-sonnet-4-5", inputTokens: 1_000_000, outputTokens: 100_000 },
};

function newLedger(): string {
  const dbPath = newPath();
  using store = createTelemetryStore({ dbPath });
  store.recordMany([
    run,
    { ...run, costUsd: 1 },
    { ...run, model: "own-model-7b" },
    { ...run, model: "other" },
  ]);
  return dbPath;
}

test("it says what was priced, and which models have no price", async () => {
  const db = newLedger();
  const dry = await runCli(["reprice", "--db", db, "--dry-run"]);
  const counts = "1 execution priced: 4.50 USD more\n2 still without a cost: own-model-7b (1), other (1)\n";
  expect(dry).toEqual({ exitCode: 0, out: `${counts}Nothing was changed.\n`, err: "" });
  expect(await runCli(["reprice", "--db", db])).toEqual({ exitCode: 0, out: counts, err: "" });
  const again = await runCli(["reprice", "--db", db, "--json"]);
  expect(JSON.parse(again.out)).toEqual({
    schema: "runledger.reprice/1",
    priceList: expect.stringMatching(/^@pydantic/),
    isDry: false,
    ...{ priced: 0, unchanged: 0, unknown: 2, forwarded: 0, addedCostUsd: 0 },
    unknownModels: [
      { model: "own-model-7b", executions: 1 },
      { model: "other", executions: 1 },
    ],
  });
});

test("prices of one's own come from a file; --estimated prices anew, --since leaves out what is older", async () => {
  const db = newLedger();
  const prices = newPath();
  await Bun.write(prices, JSON.stringify([{ model: run.model, inputPerMillion: 1, outputPerMillion: 5 }]));
  await runCli(["reprice", "--db", db]);
  const late = await runCli([
    "reprice",
    "--db",
    db,
    "--estimated",
    "--prices",
    prices,
    "--since",
    "2026-11-02",
  ]);
  expect(late.out).toBe("0 executions priced: 0.00 USD more\n");
  const anew = await runCli(["reprice", "--db", db, "--estimated", "--prices", prices]);
  expect(anew.out).toContain("1 execution priced: 3.00 USD less\n");
  expect(read(db, "SELECT cost_usd AS usd FROM executions ORDER BY id")).toMatchObject([
    { usd: 1.5 },
    { usd: 1 },
    {},
    {},
  ]);
});

test("wrong input is refused, and no ledger made", async () => {
  const db = newPath();
  const wrong = newPath();
  await Bun.write(wrong, "[{}]");
  for (const [args, message] of [
    [["--db", db, "--prices", `${db}.json`], "can't be read as JSON"],
    [["--db", db, "--prices", wrong], "prices.0.model: expected a non-empty string"],
    [["--db", db, "--since", "whenever"], "It must be such as today"],
  ] as const) {
    const { exitCode, err } = await runCli(["reprice", ...args]);
    expect({ exitCode, err }).toEqual({ exitCode: 2, err: expect.stringContaining(message) });
  }
  const missing = await runCli(["reprice", "--db", db]);
  expect(missing).toMatchObject({ exitCode: 1, err: expect.stringContaining("There is no ledger at") });
  expect(existsSync(db)).toBe(false);
});
