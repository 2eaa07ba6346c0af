import { describe, expect, spyOn, test } from "bun:test";
import { Socket } from "node:net";
import { calcPrice } from "@pydantic/genai-prices";
import fc from "fast-check";
import { type ModelPrice, openPriceList, type PricedUsage } from "../../src/adapters";
import { tries } from "../support/effort";
import { thrownBy } from "../support/thrown-by";

const list = openPriceList();
const atMs = Date.parse("2026-11-01T12:00:00Z");
const tokens = { inputTokens: 1_000, outputTokens: 100, cacheReadTokens: 10_000, cacheCreationTokens: 2_000 };
const sonnet = { provider: "anthropic", model: "claude-sonnet-4-5", atMs, ...tokens };

test("it says which list it is", () => {
  expect(list.name).toMatch(/^@pydantic\/genai-prices \d+\.\d+\.\d+$/);
});

test("it opens no connection", () => {
  const connect = spyOn(Socket.prototype, "connect");
  const request = spyOn(globalThis, "fetch");
  expect(openPriceList().costOfRequest(sonnet)).toBeNumber();
  expect(openPriceList().costOfRequest({ ...sonnet, model: "own-model-7b" })).toBeUndefined();
  expect([connect.mock.calls, request.mock.calls]).toEqual([[], []]);
  connect.mockRestore();
  request.mockRestore();
});

describe("a request", () => {
  test("costs what each kind of its tokens does", () => {
    const [input, output, read, written] = [1_000 * 3, 100 * 15, 10_000 * 0.3, 2_000 * 3.75];
    expect(list.costOfRequest(sonnet)).toBeCloseTo((input + output + read + written) / 1e6, 12);
  });

  test("tokens kept for an hour cost twice the input, those of five minutes a quarter more than it", () => {
    const anHour = { ...sonnet, cacheCreation1hTokens: 500 };
    const more = (list.costOfRequest(anHour) ?? 0) - (list.costOfRequest(sonnet) ?? 0);
    expect(more).toBeCloseTo((500 * (6 - 3.75)) / 1e6, 12);
    const onBedrock = {
      ...anHour,
      provider: "aws",
      model: "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    };
    expect(list.costOfRequest(onBedrock)).toBeCloseTo(list.costOfRequest(anHour) ?? 0, 12);
  });

  test("with a long input costs more, all of it; a run is taken to be of small requests", () => {
    const long = { ...sonnet, inputTokens: 195_000 };
    expect(list.costOfRequest(long)).toBeCloseTo(
      (195_000 * 6 + 100 * 22.5 + 10_000 * 0.6 + 2_000 * 7.5) / 1e6,
      12,
    );
    const run = (195_000 * 3 + 100 * 15 + 10_000 * 0.3 + 2_000 * 3.75) / 1e6;
    expect(list.costOfRun(long)).toBeCloseTo(run, 12);
  });

  test("of any size costs what the package itself says", () => {
    const models = [
      ["anthropic", "claude-sonnet-4-5"],
      ["anthropic", "claude-opus-4-6"],
      ["openai", "gpt-5.1"],
      ["openai", "gpt-4.1-mini"],
      ["google", "gemini-2.5-pro"],
      ["google", "gemini-2.5-flash"],
      ["aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
      ["deepseek", "deepseek-chat"],
      ["x-ai", "grok-4"],
    ] as const;
    const count = fc.integer({ min: 0, max: 400_000 });
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.record({ input: count, read: count, written: count, output: count }),
        fc.date({ min: new Date("2024-01-01"), max: new Date("2027-01-01"), noInvalidDate: true }),
        ([provider, model], { input, read, written, output }, timestamp) => {
          const usage = { input_tokens: input + read + written, output_tokens: output };
          const cached = { cache_read_tokens: read, cache_write_tokens: written };
          const found = calcPrice({ ...usage, ...cached }, model, { providerId: provider, timestamp });
          const cost = list.costOfRequest({
            ...{ provider, model, atMs: timestamp.getTime(), inputTokens: input, outputTokens: output },
            ...{ cacheReadTokens: read, cacheCreationTokens: written },
          });
          expect(cost).toBeCloseTo(found?.total_price ?? Number.NaN, 9);
        },
      ),
      { numRuns: tries(100, 5_000) },
    );
  });

  test("has the rates of the time of the day where these differ, and those of its day elsewhere", () => {
    const deepseek = (time: string) =>
      list.costOfRequest({ ...sonnet, provider: "deepseek", model: "deepseek-chat", atMs: Date.parse(time) });
    const cheap = deepseek("2025-06-01T18:00:00Z") ?? Number.NaN;
    expect(deepseek("2025-06-01T08:00:00Z")).toBeGreaterThan(cheap);
    expect(deepseek("2025-06-01T18:30:00Z")).toBe(cheap);
  });
});

describe("unknown is not zero:", () => {
  test.each([
    ["a model that no list has", { model: "own-model-7b" }],
    ["a placeholder", { model: "<synthetic>" }],
    ["a provider that serves no such model", { provider: "openai" }],
    ["input that nobody counted", { inputTokens: null }],
    ["output that nobody counted", { outputTokens: undefined }],
    ["another service tier", { serviceTier: "flex" }],
    ["a model that charges for each request too", { provider: "perplexity", model: "sonar" }],
  ] as const)("%s", (_, usage: Partial<PricedUsage>) => {
    expect(list.costOfRequest({ ...sonnet, ...usage })).toBeUndefined();
    expect(list.costOfRun({ ...sonnet, ...usage })).toBeUndefined();
  });

  test("a model without output needs none", () => {
    const embedding = { provider: "openai", model: "text-embedding-3-small", atMs, inputTokens: 1_000_000 };
    expect(list.costOfRequest(embedding)).toBeCloseTo(0.02, 12);
  });
});

describe("names", () => {
  const perMillion = (provider: string, model: string) =>
    list.costOfRun({ provider, model, atMs, inputTokens: 1_000_000, outputTokens: 0 });

  test.each([
    ["anthropic", "claude-sonnet-4-5-20250929", 3],
    ["anthropic", "claude-sonnet-4-5[1m]", 3],
    ["anthropic", "anthropic/claude-sonnet-4.5", 3],
    ["openrouter", "anthropic/claude-sonnet-4.5", 3],
    ["google", "claude-sonnet-4-5@20250929", 3],
    ["anthropic", "claude-sonnet-4-5@20250929", 3],
    ["aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3],
    ["aws", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", 3],
    ["anthropic", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3],
    [
      "aws",
      "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      3.3,
    ],
    ["google", "models/gemini-2.5-pro", 1.25],
    ["openai", "openai/gpt-5", 1.25],
    ["azure", "gpt-5", 1.25],
    ["openai", "GPT-5", 1.25],
  ] as const)("%s %s", (provider, model, usd) => {
    expect(perMillion(provider, model)).toBeCloseTo(usd, 12);
  });

  test("the default provider is no knowledge: another may be inferred from the model", () => {
    expect(perMillion("anthropic", "gpt-5")).toBeCloseTo(1.25, 12);
  });
});

describe("prices of one's own", () => {
  const price: ModelPrice = { model: "Claude-Sonnet-4-5", inputPerMillion: 2, outputPerMillion: 10 };
  const cost = (prices: readonly ModelPrice[], usage: Partial<PricedUsage> = {}) =>
    openPriceList({ prices }).costOfRequest({ ...sonnet, ...usage });

  test("go before the list; tokens without a price of their own cost what input does", () => {
    expect(cost([price])).toBeCloseTo((13_000 * 2 + 100 * 10) / 1e6, 12);
  });

  test("each kind of tokens may have one", () => {
    const whole = { cacheReadPerMillion: 0.2, cacheCreationPerMillion: 2.5, cacheCreation1hPerMillion: 4 };
    const usd = 1_000 * 2 + 100 * 10 + 10_000 * 0.2 + 1_500 * 2.5 + 500 * 4;
    expect(cost([{ ...price, ...whole }], { cacheCreation1hTokens: 500 })).toBeCloseTo(usd / 1e6, 12);
  });

  test("of another provider, tier or time don't count", () => {
    const listed = list.costOfRequest(sonnet) ?? Number.NaN;
    expect(cost([{ ...price, provider: "aws" }])).toBe(listed);
    expect(cost([{ ...price, serviceTier: "flex" }])).toBe(listed);
    expect(cost([{ ...price, since: "2026-11-02" }])).toBe(listed);
    expect(cost([{ ...price, serviceTier: "flex" }], { serviceTier: "flex" })).toBe(cost([price]));
  });

  test("stand for the name with a date, a version, a variant and what Bedrock puts in front", () => {
    for (const model of [
      "claude-sonnet-4-5-20250929",
      "claude-sonnet-4-5@20250929",
      "claude-sonnet-4-5[1m]",
      "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      "anthropic/claude-sonnet-4-5",
    ])
      expect(cost([price], { model })).toBe(cost([price]));
    expect(cost([{ ...price, model: "claude-sonnet-4" }])).toBe(list.costOfRequest(sonnet));
  });

  test("for a provider go before those for any, and those for the very name before those for others", () => {
    const own = { ...price, provider: "anthropic" };
    const any = { ...price, since: "2026-11-01", inputPerMillion: 9 };
    expect(cost([own, any])).toBe(cost([price]));
    expect(cost([any, own])).toBe(cost([price]));
    const dated = { ...price, model: "claude-sonnet-4-5-20250929", inputPerMillion: 9 };
    expect(cost([dated, price])).toBe(cost([price]));
    expect(cost([price, dated])).toBe(cost([price]));
  });

  test("the latest that holds counts, from the beginning of its UTC day", () => {
    const cheaper = { ...price, since: "2026-11-01", inputPerMillion: 1 };
    const later = { ...price, since: "2026-11-02", inputPerMillion: 9 };
    for (const prices of [
      [price, cheaper, later],
      [later, cheaper, price],
    ]) {
      expect(cost(prices)).toBeCloseTo((13_000 * 1 + 100 * 10) / 1e6, 12);
      expect(cost(prices, { atMs: Date.parse("2026-10-31T23:59:59Z") })).toBe(cost([price]));
    }
  });

  test.each([
    [{ prices: [{ ...price, inputPerMillion: -1 }] }, /prices\.0\.inputPerMillion: expected US dollars/],
    [{ prices: [{ ...price, since: "yesterday" }] }, /prices\.0\.since: expected a day such as/],
    [{ prices: [{ ...price, per: 1 }] }, /per: unknown/],
    [{ prices: "cheap" }, /prices: expected an array of prices/],
    [{ price: [] }, /price: unknown/],
  ])("wrong ones are refused by name: %#", async (options, message) => {
    const error = await thrownBy(() => openPriceList(options as never));
    expect(error).toMatchObject({ code: "INVALID_OPTION", message: expect.stringMatching(message) });
  });
});
