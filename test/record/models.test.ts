import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toExecutionRow } from "../../src/ledger/row";
import { AMOUNTS } from "../../src/record/models";
import type { ModelUsage, TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";

const OPUS = { model: "claude-opus-4-1", inputTokens: 100, outputTokens: 40, costUsd: 0.5 } as const;
const HAIKU = { model: "claude-haiku-4-5", inputTokens: 900, outputTokens: 50, costUsd: 0.25 } as const;

/** A record that says only what its models used, and what is overridden. */
const rowOf = (models: readonly ModelUsage[], overrides: Partial<TelemetryRecord> = {}) =>
  toExecutionRow(executionCompleted({ ...overrides, models } as Partial<TelemetryRecord>));

describe("of a run that used several models", () => {
  test("tokens and cost are the sums, and the costliest model is the main one", () => {
    expect(rowOf([HAIKU, OPUS])).toMatchObject({
      model: OPUS.model,
      provider: "anthropic",
      input_tokens: 1_000,
      output_tokens: 90,
      cache_read_tokens: 0,
      cost_usd: 0.75,
      usage_source: "reported",
      cost_source: "reported",
      models: [
        {
          model: HAIKU.model,
          provider: "anthropic",
          input_tokens: 900,
          cache_read_tokens: null,
          cost_usd: 0.25,
        },
        {
          model: OPUS.model,
          provider: "anthropic",
          input_tokens: 100,
          cache_read_tokens: null,
          cost_usd: 0.5,
        },
      ],
    });
  });

  test("of models that cost the same the one with the most output is the main one, else the first", () => {
    const [a, b] = [
      { model: "a", outputTokens: 1 },
      { model: "b", outputTokens: 2 },
    ];
    expect(rowOf([a, b]).model).toBe("b");
    expect(rowOf([b, { ...a, outputTokens: 2 }]).model).toBe("b");
  });

  test("the main model may be named", () => {
    expect(rowOf([OPUS, HAIKU], { model: HAIKU.model })).toMatchObject({
      model: HAIKU.model,
      cost_usd: 0.75,
    });
  });

  test("a main model that is none of them is added, with nothing used", () => {
    const row = rowOf([OPUS], { model: "opus" });
    expect(row).toMatchObject({ model: "opus", cost_usd: 0.5, cost_source: "reported" });
    expect(row.models?.map(({ model, cost_usd }) => [model, cost_usd])).toEqual([
      [OPUS.model, 0.5],
      ["opus", null],
    ]);
  });

  test("the same sums may be given too", () => {
    expect(rowOf([OPUS, HAIKU], { inputTokens: 1_000, costUsd: 0.75 + 1e-12 })).toMatchObject({
      input_tokens: 1_000,
      cost_usd: 0.75 + 1e-12,
    });
  });

  test.each([
    [{ costUsd: 0.8 }, "costUsd: expected the sum of models, 0.75, received 0.8"],
    [{ costUsd: 0.7 }, "costUsd: expected the sum of models, 0.75, received 0.7"],
    [{ inputTokens: 1_003 }, "inputTokens: expected the sum of models, 1000, received 1003, 3 more"],
    [{ outputTokens: 0 }, "outputTokens: expected the sum of models, 90, received 0, 90 less"],
  ])("other sums, %p, are refused with the difference", (own, message) => {
    expect(() => rowOf([OPUS, HAIKU], own)).toThrow(message);
  });

  test("what no model accounts for counts under the main model, where a model's part is unknown", () => {
    const row = rowOf([OPUS, { model: "claude-haiku-4-5" }], { costUsd: 0.75, cacheReadTokens: 7 });
    expect(row).toMatchObject({
      model: OPUS.model,
      cost_usd: 0.75,
      cache_read_tokens: 7,
      cost_source: "reported",
    });
    expect(row.models).toMatchObject([
      { cost_usd: 0.75, cache_read_tokens: 7, cost_source: "reported" },
      { cost_usd: null, cache_read_tokens: null, cost_source: "unknown" },
    ]);
    // No more than is known of the others can be missing.
    expect(() => rowOf([OPUS, { model: "x" }], { costUsd: 0.4 })).toThrow("0.09999999999999998 less");
  });

  test("where a cost is unknown the sum is of the others, and said to be no whole", () => {
    const { costUsd, ...unknown } = HAIKU;
    expect(rowOf([OPUS, unknown])).toMatchObject({ cost_usd: 0.5, cost_source: "unknown" });
    expect(rowOf([OPUS, { model: "x", costUsd: 0.1 }])).toMatchObject({
      input_tokens: 100,
      usage_source: "unknown",
      cost_source: "reported",
    });
  });

  test("one estimate makes the cost of the run an estimate, and each part says what it is", () => {
    const row = rowOf([OPUS, { ...HAIKU, costSource: "estimated" }]);
    expect(row.cost_source).toBe("estimated");
    expect(row.models?.map(({ cost_source }) => cost_source)).toEqual(["reported", "estimated"]);
  });

  test("the record's provider is that of all that name none", () => {
    const row = rowOf([OPUS, { ...HAIKU, provider: "anthropic" }], { provider: "aws" });
    expect(row.models?.map(({ provider }) => provider)).toEqual(["aws", "anthropic"]);
    expect(row.provider).toBe("aws");
  });

  test("a model that is named twice is one, unless two providers served it", () => {
    expect(rowOf([OPUS, HAIKU, OPUS]).models).toMatchObject([{ input_tokens: 200, cost_usd: 1 }, {}]);
    expect(rowOf([OPUS, { ...OPUS, provider: "aws" }]).models).toHaveLength(2);
  });
});

test("names that are the same in UTF-8 are one model, also where it is the main one", () => {
  const row = rowOf([{ model: "\ud800", costUsd: 1 }, { model: "\ud801", costUsd: 2 }, OPUS], {
    model: "\ud802",
  });
  expect(row.model).toBe("\ufffd");
  expect(row.models?.map(({ model, cost_usd }) => [model, cost_usd])).toEqual([
    ["\ufffd", 3],
    [OPUS.model, 0.5],
  ]);
});

test("one model is an execution like any other", () => {
  const row = rowOf([{ ...OPUS, costSource: "estimated" }]);
  expect(row.models).toBeUndefined();
  expect(row).toMatchObject({
    model: OPUS.model,
    input_tokens: 100,
    cost_usd: 0.5,
    cost_source: "estimated",
  });
});

test.each([[null], [undefined], [[]]])("models that are %p are none, and the model is required", (models) => {
  expect(toExecutionRow({ ...executionCompleted(), models } as TelemetryRecord).models).toBeUndefined();
  const nameless = { ...executionCompleted(), model: undefined, models } as unknown as TelemetryRecord;
  expect(() => toExecutionRow(nameless)).toThrow("model: expected a non-empty string, received nothing");
});

test.each([
  ["x", 'models: expected an array of up to 100 models, received the string "x"'],
  [[{}], "models.0.model: expected a non-empty string, received nothing"],
  [[null], "models.0: expected an object, received null"],
  [
    [OPUS, { ...HAIKU, costUsd: -1 }],
    "models.1.costUsd: expected a finite number, 0 or more, received the number -1",
  ],
  [Array.from({ length: 101 }, () => OPUS), "models: expected an array of up to 100 models"],
  [
    [
      { model: "a", inputTokens: Number.MAX_SAFE_INTEGER },
      { model: "b", inputTokens: 1 },
    ],
    "inputTokens: expected models that add up to 9007199254740991 at most",
  ],
])("what is wrong is refused by name", (models, message) => {
  const entry = { ...executionCompleted({ models: [OPUS] }), models } as TelemetryRecord;
  expect(() => toExecutionRow(entry)).toThrow(message);
});

const amount = fc.option(fc.nat(1_000), { nil: undefined });
const anyUsage = fc.record({
  model: fc.constantFrom("claude-opus-4-1", "gpt-5", "x"),
  provider: fc.constantFrom(undefined, "aws"),
  inputTokens: amount,
  outputTokens: amount,
  cacheReadTokens: amount,
  cacheCreationTokens: amount,
  costUsd: fc.option(fc.double({ min: 0, max: 10, noNaN: true }), { nil: undefined }),
});
const COLUMNS = {
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  cacheReadTokens: "cache_read_tokens",
  cacheCreationTokens: "cache_creation_tokens",
  costUsd: "cost_usd",
} as const;

test("whatever the models are, the row has their sums, and its model is one of them", () => {
  fc.assert(
    fc.property(
      fc.array(anyUsage, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(undefined, "claude-opus-4-1", "other"),
      (models, model) => {
        const row = rowOf(models, model === undefined ? {} : { model });
        for (const name of AMOUNTS) {
          const sum = models.reduce((total, usage) => total + (usage[name] ?? 0), 0);
          expect(row[COLUMNS[name]]).toBeCloseTo(sum, 9);
          if (row.models === undefined) continue;
          const stored = row.models.reduce((total, used) => total + (used[COLUMNS[name]] ?? 0), 0);
          expect(stored).toBeCloseTo(sum, 9);
        }
        const used = row.models ?? [row];
        expect(used.filter((one) => one.model === row.model && one.provider === row.provider)).toHaveLength(
          1,
        );
        expect(new Set(used.map((one) => `${one.provider} ${one.model}`)).size).toBe(used.length);
      },
    ),
  );
});
