import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ClaudeResult, fromClaudeResult } from "../../src/adapters";
import { toExecutionRow } from "../../src/ledger/row";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { read } from "../support/ledger";
import { newPath } from "../support/read-ledgers";
import { thrownBy } from "../support/thrown-by";

const context = { repo: "o/r", eventType: "push" };
const from = (message: ClaudeResult, previous?: ClaudeResult) =>
  fromClaudeResult(message, context, { previous });

const usage = (costUSD: number, outputTokens: number, more: object = {}) => ({
  inputTokens: 10 * outputTokens,
  outputTokens,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
  costUSD,
  ...more,
});
const result = (modelUsage: object, more: object = {}): ClaudeResult => ({
  type: "result",
  subtype: "success",
  is_error: false,
  uuid: "u-1",
  session_id: "s-1",
  stop_reason: "end_turn",
  duration_ms: 1_234.5,
  num_turns: 3,
  modelUsage,
  ...more,
});

describe("a result", () => {
  test("of one model", () => {
    const record = fromClaudeResult(
      result({ "claude-opus-4-6": usage(0.5, 7, { provider: "firstParty", cacheReadInputTokens: 99 }) }),
      { ...context, prNumber: 7, labels: { team: "core" }, model: "ignored" },
    );
    expect(record).toEqual({
      ...context,
      prNumber: 7,
      labels: { team: "core" },
      model: "claude-opus-4-6",
      provider: "anthropic",
      conclusion: "success",
      executionId: "u-1",
      sessionId: "s-1",
      stopReason: "end_turn",
      durationMs: 1_234.5,
      numTurns: 3,
      inputTokens: 70,
      outputTokens: 7,
      cacheReadTokens: 99,
      cacheCreationTokens: 0,
      costUsd: 0.5,
      costSource: "reported",
    } as TelemetryRecord);
  });

  test("of several models names each, whatever their order", () => {
    const { model, models } = toExecutionRow(from(result({ haiku: usage(0.1, 1), opus: usage(0.4, 2) })));
    expect(model).toBe("opus");
    expect(models).toMatchObject([
      { model: "haiku", cost_usd: 0.1 },
      { model: "opus", cost_usd: 0.4 },
    ]);
  });

  test.each([
    ["success", false, "success"],
    ["success", undefined, "success"],
    ["success", true, "error"],
    ["error_max_turns", false, "error_max_turns"],
    ["error_max_turns", true, "error_max_turns"],
    [undefined, true, "error"],
    [undefined, undefined, "error"],
    [7, false, "error"],
  ])("with subtype %p and is_error %p ended in %s", (subtype, is_error, conclusion) => {
    expect(from(result({ m: usage(1, 1) }, { subtype, is_error })).conclusion).toBe(conclusion);
  });

  test.each([
    [{ total_cost_usd: 0.25, usage: { input_tokens: 3, output_tokens: 4 } }, 0.25],
    [{ cost_usd: 0.25 }, 0.25],
    [{ total_cost: 0.25, cost_usd: 0.25 }, 0.25],
  ])("of an older shape, %j, has its cost under the model that the caller names", (older, costUsd) => {
    const record = fromClaudeResult(older, { ...context, model: "claude-sonnet-4-5" });
    expect(record).toMatchObject({ model: "claude-sonnet-4-5", costUsd });
    expect(fromClaudeResult(older, context).model).toBe("unknown");
  });

  test.each([
    [
      "a cost without tokens",
      usage(0.5, 0),
      { usage_source: "unknown", cost_source: "reported", cost_usd: 0.5 },
    ],
    [
      "tokens without a cost",
      usage(0, 5),
      { usage_source: "reported", cost_source: "unknown", output_tokens: 5 },
    ],
    ["nothing but zeros, as after a crash", usage(0, 0), { usage_source: "unknown", cost_source: "unknown" }],
    ["a guessed cost", usage(0.5, 5, { costBasis: "unknown" }), { cost_source: "estimated" }],
    [
      "what no version says",
      { costUSD: "0.5", inputTokens: -1, outputTokens: 1.5 },
      { cost_source: "unknown" },
    ],
  ])("with %s knows no more than that", (_, of, expected) => {
    expect(toExecutionRow(from(result({ m: of })))).toMatchObject(expected);
  });

  test("of a request that the API refused cost nothing", () => {
    const refused = result({ m: usage(0, 0) }, { api_error_status: 404, subtype: "success", is_error: true });
    expect(toExecutionRow(from(refused))).toMatchObject({
      cost_source: "reported",
      usage_source: "reported",
    });
  });

  test.each([
    ["bedrock", "aws"],
    ["vertex", "google"],
    ["foundry", "azure"],
    ["gateway", "gateway"],
  ])("served by %s is by %s", (provider, ours) => {
    expect(from(result({ m: usage(1, 1, { provider }) })).provider).toBe(ours);
  });

  test.each([
    [
      "an error of the API",
      { type: "error", error_type: "invalid_request_error" },
      'a message of type the string "error"',
    ],
    ["a message of an agent", { type: "assistant", message: {} }, 'a message of type the string "assistant"'],
    ["text", "done" as never, 'the string "done"'],
    ["nothing", null as never, "null"],
    ["an empty object", {}, "an object"],
  ])("is not %s", async (_, message, received) => {
    const error = await thrownBy(() => from(message));
    expect(error.code).toBe("INVALID_RECORD");
    expect(error.message).toContain(`expected a message of type result, received ${received}`);
  });

  test("lets no text of the run into the record", () => {
    const MARKER = "do not tell";
    const record = from({
      ...result({ m: usage(1, 1, { note: MARKER }) }),
      result: MARKER,
      errors: [MARKER],
      permission_denials: [{ tool_name: MARKER, tool_input: { command: MARKER } }],
      structured_output: { text: MARKER },
      usage: { iterations: [MARKER], service_tier: MARKER },
    } as ClaudeResult);
    expect(JSON.stringify(record)).not.toContain(MARKER);
  });
});

describe("a running total", () => {
  const first = result({ opus: usage(0.5, 10) });

  test("counts what is new, by model and field", () => {
    const second = result({ opus: usage(0.75, 14), haiku: usage(0.125, 2) });
    expect(from(second, first).models).toMatchObject([
      { model: "opus", costUsd: 0.25, outputTokens: 4 },
      { model: "haiku", costUsd: 0.125, outputTokens: 2 },
    ]);
  });

  test("counts a model once that was not used any more", () => {
    const second = result({ opus: usage(0.5, 10), haiku: usage(0.125, 2) });
    expect(from(second, first)).toMatchObject({ model: "haiku", costUsd: 0.125 });
  });

  test("counts as it is where it was reset", () => {
    expect(from(result({ opus: usage(0.4, 3) }), first)).toMatchObject({ costUsd: 0.4, outputTokens: 3 });
    expect(from(result({ haiku: usage(0.6, 30) }), first)).toMatchObject({ model: "haiku", costUsd: 0.6 });
  });
});

const REAL = join(import.meta.dir, "../../../shared/data/claude-results.jsonl");

test.skipIf(!existsSync(REAL))(
  "135 real results cost what they say, each once (skipped where ../shared/data is absent)",
  async () => {
    const lines = (await Bun.file(REAL).text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const refused: unknown[] = [];
    const dbPath = newPath();
    using store = createTelemetryStore({ dbPath });
    const costs = new Map<string, number>();
    for (const [index, line] of lines.entries()) {
      const id = line.uuid ?? `line ${index}`;
      try {
        store.record({ executionId: id, ...from(line) });
        costs.set(id, line.total_cost_usd ?? line.total_cost ?? line.cost_usd);
      } catch {
        refused.push(line.type);
      }
    }
    // The whole output of one run is an error of the API.
    expect(refused).toEqual(["error"]);
    expect(lines).toHaveLength(135);
    const [sums] = read(dbPath, "SELECT count(*) AS n, sum(cost_usd) AS usd FROM executions");
    expect(sums?.["n"]).toBe(costs.size);
    expect(Number(sums?.["usd"])).toBeCloseTo(
      [...costs.values()].reduce((sum, cost) => sum + cost, 0),
      6,
    );
    expect(
      read(
        dbPath,
        "SELECT conclusion, count(*) AS n FROM executions WHERE duration_ms > 0 GROUP BY 1 ORDER BY 1",
      ),
    ).toEqual([
      { conclusion: "error", n: 5 },
      { conclusion: "error_max_budget_usd", n: 1 },
      { conclusion: "error_max_turns", n: 2 },
      { conclusion: "success", n: 34 },
    ]);
  },
);
