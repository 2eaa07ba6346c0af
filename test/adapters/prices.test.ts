import { expect, test } from "bun:test";
import {
  fromAiSdkResult,
  fromClaudeResult,
  fromCodexTurn,
  fromGeminiResponse,
  fromLangChain,
  fromOpenAiAgents,
  fromOpenAiResponse,
  fromProviderResponse,
  openPriceList,
  type RunContext,
  recordClaude,
} from "../../src/adapters";
import { estimate } from "../../src/ledger/estimate";
import { toExecutionRow } from "../../src/ledger/row";
import type { TelemetryRecord } from "../../src/record/types";
import { createFakeEmitter } from "../../src/testing";

const prices = openPriceList();
const completedAt = "2026-11-01T12:00:00Z";
const context: RunContext = { repo: "o/r", eventType: "push", completedAt, prices };

const step = (inputTokens: number, anthropic: object = {}) => ({
  model: { provider: "anthropic.messages", modelId: "claude-sonnet-4-5" },
  usage: { inputTokens, outputTokens: 1_000, inputTokenDetails: { noCacheTokens: inputTokens } },
  providerMetadata: { anthropic: { usage: anthropic } },
});
const run = (...steps: readonly object[]) =>
  fromAiSdkResult({ finishReason: "stop", usage: {}, response: { id: "a" }, steps }, context);

test("each request has the rates for its own size, not for that of the run", () => {
  const many = run(...Array.from({ length: 30 }, () => step(30_000)));
  expect(many).toMatchObject({ costUsd: expect.closeTo(30 * 0.105, 12), costSource: "estimated" });
  expect(run(step(900_000)).costUsd).toBeCloseTo(0.9 * 6 + 0.0225, 12);
});

test("what one request of a model costs is unknown: so is what the model does", () => {
  const record = run(step(30_000), { ...step(30_000), usage: { inputTokens: 30_000 } });
  expect(record).toMatchObject({ inputTokens: 60_000, outputTokens: undefined });
  expect(record.costUsd).toBeUndefined();
  expect(estimate(toExecutionRow(record), prices)).toMatchObject({ cost_source: "unknown" });
});

test("without prices no cost is made up, and no list gets into a record", () => {
  const { prices: _, ...bare } = context;
  expect(fromAiSdkResult({ usage: {}, steps: [step(1_000)] }, bare).costUsd).toBeUndefined();
  expect(run(step(1_000))).not.toHaveProperty("prices");
});

test("a stream of Claude that was cut is priced message by message, with its cache writes of an hour", async () => {
  const usage = { input_tokens: 10, output_tokens: 5, cache_creation_input_tokens: 1_000 };
  const written = { ...usage, cache_creation: { ephemeral_1h_input_tokens: 1_000 } };
  async function* messages() {
    yield { type: "system", subtype: "init", session_id: "s" };
    yield { type: "assistant", message: { id: "m1", model: "claude-sonnet-4-5", usage: written } };
    yield { type: "assistant", message: { id: "m2", model: "claude-haiku-4-5", usage } };
  }
  const emitter = createFakeEmitter();
  for await (const _ of recordClaude(messages(), { emitter }, context));
  const [record] = emitter.emitted.map(({ event }) => event as TelemetryRecord);
  expect(record?.models?.map(({ costUsd }) => costUsd)).toEqual([
    expect.closeTo((10 * 3 + 5 * 15 + 1_000 * 6) / 1e6, 12),
    expect.closeTo((10 * 1 + 5 * 5 + 1_000 * 1.25) / 1e6, 12),
  ]);
});

const usage = { input_tokens: 100, output_tokens: 10 };
const openAi = { id: "r", status: "completed", model: "gpt-5", usage };
const gemini = { promptTokenCount: 100, candidatesTokenCount: 10 };
const message = { type: "ai", id: "m", usage_metadata: usage };
const agents = { rawResponses: [{ responseId: "r", usage: { inputTokens: 100, outputTokens: 10 } }] };
const agentsAt = (service_tier: string) => ({
  rawResponses: agents.rawResponses.map((one) => ({
    ...one,
    providerData: { model: "gpt-5", service_tier },
  })),
});
const langChainAt = (response_metadata: object) => ({ ...message, response_metadata });
const geminiAt = (trafficType: string) => ({
  ...{ responseId: "r", modelVersion: "gemini-2.5-pro", candidates: [] },
  usageMetadata: { ...gemini, trafficType },
});

test.each([
  ["Responses", "flex", fromOpenAiResponse({ ...openAi, service_tier: "flex" }, context)],
  ["Responses", undefined, fromOpenAiResponse({ ...openAi, service_tier: "default" }, context)],
  ["the AI SDK", "priority", run(step(1_000, { service_tier: "priority" }))],
  ["the AI SDK", "fast", run(step(1_000, { service_tier: "standard", speed: "fast" }))],
  ["any provider", "flex", fromProviderResponse("openai", { ...openAi, service_tier: "flex" }, context)],
  [
    "any provider",
    undefined,
    fromProviderResponse("openai", { ...openAi, service_tier: "default" }, context),
  ],
  ["the AI SDK", "us_inference", run(step(1_000, { inference_geo: "us" }))],
  ["the AI SDK", undefined, run(step(1_000, { service_tier: "standard", inference_geo: "global" }))],
  ["the Agents SDK", "priority", fromOpenAiAgents(agentsAt("priority"), context)],
  ["LangChain", "flex", fromLangChain(langChainAt({ model: "gpt-5", service_tier: "flex" }), context)],
  [
    "LangChain",
    "batch",
    fromLangChain(langChainAt({ model: "claude-sonnet-4-5", usage: { service_tier: "batch" } }), context),
  ],
  ["Gemini", "flex", fromGeminiResponse(geminiAt("ON_DEMAND_FLEX"), context)],
  ["Gemini", undefined, fromGeminiResponse(geminiAt("ON_DEMAND"), context)],
] as const)(
  "%s: another tier than the standard one (%s) is a label, and its price unknown",
  (_, tier, record) => {
    expect(record.labels?.["service_tier"]).toBe(tier as string);
    expect(record.costUsd === undefined).toBe(tier !== undefined);
  },
);

test("of tiers that differ none is that of the run: each request has its own price, the run has none", () => {
  const flex = { model: "claude-sonnet-4-5", serviceTier: "flex", inputPerMillion: 1, outputPerMillion: 5 };
  const priced = { ...context, prices: openPriceList({ prices: [flex] }) };
  const steps = [step(1_000), step(1_000, { service_tier: "flex" })];
  const record = fromAiSdkResult({ usage: {}, steps }, priced);
  expect(record.labels).toEqual({ service_tier: "mixed" });
  expect(record.costUsd).toBeCloseTo((1_000 * 3 + 1_000 * 15 + 1_000 * 1 + 1_000 * 5) / 1e6, 12);
  const unpriced = fromAiSdkResult({ usage: {}, steps }, { ...context, prices: undefined });
  expect(estimate(toExecutionRow(unpriced), priced.prices)).toMatchObject({ cost_source: "unknown" });
});

test("who serves a model, where only the context says it, decides its price and is recorded", async () => {
  async function* messages() {
    yield { type: "assistant", message: { id: "m1", model: "claude-sonnet-4-5", usage } };
  }
  const emitter = createFakeEmitter();
  const served = { ...context, provider: "google" };
  for await (const _ of recordClaude(messages(), { emitter }, served));
  expect(emitter.emittedOf("execution:completed")).toMatchObject([{ provider: "google" }]);
});

test("what several requests used together has the price of small ones", () => {
  const total = { usage: { input_tokens: 900_000, output_tokens: 1_000 }, items: [] };
  const turn = fromCodexTurn(total, { ...context, model: "claude-sonnet-4-5" });
  expect(turn).toMatchObject({ costUsd: expect.closeTo(0.9 * 3 + 0.015, 12), costSource: "estimated" });
  const modelUsage = { "claude-sonnet-4-5": { inputTokens: 900_000, outputTokens: 1_000 } };
  const result = fromClaudeResult({ type: "result", subtype: "success", modelUsage }, context);
  expect(result).toMatchObject({ costUsd: expect.closeTo(0.9 * 3 + 0.015, 12), costSource: "estimated" });
});

test("the tier is one label more than the eight of one's own", () => {
  const labels = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`own_${index}`, "x"]));
  const record = fromOpenAiResponse({ ...openAi, service_tier: "flex" }, { ...context, labels });
  expect(JSON.parse(toExecutionRow(record).labels ?? "")).toEqual({ ...labels, service_tier: "flex" });
});
