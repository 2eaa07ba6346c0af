import { describe, expect, test } from "bun:test";
import { fromAiSdkResult } from "../../src/adapters";
import { context, MARKER, rowOf } from "../support/adapted-row";
import { thrownBy } from "../support/thrown-by";

describe("Vercel AI SDK", () => {
  const detailed = (
    noCacheTokens: number,
    cacheReadTokens: number,
    cacheWriteTokens: number,
    outputTokens: number,
  ) => ({
    inputTokens: noCacheTokens + cacheReadTokens + cacheWriteTokens,
    inputTokenDetails: { noCacheTokens, cacheReadTokens, cacheWriteTokens },
    outputTokens,
    outputTokenDetails: { textTokens: outputTokens, reasoningTokens: 0 },
  });
  const step = (modelId: string, provider: string, usage: object, more: object = {}) => ({
    text: MARKER,
    finishReason: "tool-calls",
    model: { provider, modelId },
    response: { id: `${modelId}-r`, modelId },
    usage,
    ...more,
  });

  test("version 7: usage is of all steps", () => {
    const opus = step("claude-opus-4-5", "anthropic.messages", detailed(100, 500, 40, 10));
    const result = {
      text: MARKER,
      finishReason: "stop",
      response: { id: "last", modelId: "claude-opus-4-5" },
      steps: [opus, opus],
      usage: detailed(200, 1_000, 80, 20),
    };
    expect(rowOf(fromAiSdkResult(result, context))).toMatchObject({
      execution_id: "last",
      model: "claude-opus-4-5",
      provider: "anthropic",
      conclusion: "success",
      stop_reason: "stop",
      num_turns: 2,
      input_tokens: 200,
      cache_read_tokens: 1_000,
      cache_creation_tokens: 80,
      output_tokens: 20,
    });
  });

  test("steps of different models count by model", () => {
    const result = {
      finishReason: "stop",
      response: { id: "last" },
      usage: detailed(130, 0, 0, 13),
      steps: [
        step("gpt-5.1", "openai.responses", detailed(100, 0, 0, 10)),
        step("anthropic.claude-haiku", "amazon-bedrock", detailed(30, 0, 0, 3)),
      ],
    };
    const { models, input_tokens } = rowOf(fromAiSdkResult(result, context));
    expect(input_tokens).toBe(130);
    expect(models).toMatchObject([
      { model: "gpt-5.1", provider: "openai", input_tokens: 100 },
      { model: "anthropic.claude-haiku", provider: "aws", input_tokens: 30 },
    ]);
  });

  test("version 6: usage is of the last step, totalUsage of all", () => {
    const result = {
      finishReason: "length",
      response: { id: "last", modelId: "gpt-5.1" },
      usage: detailed(1, 0, 0, 1),
      totalUsage: detailed(100, 50, 0, 10),
    };
    expect(rowOf(fromAiSdkResult(result, context))).toMatchObject({
      conclusion: "success",
      input_tokens: 100,
      cache_read_tokens: 50,
      output_tokens: 10,
    });
  });

  test("version 5: input includes cached input, but for Anthropic's models", () => {
    const usage = { inputTokens: 1_000, cachedInputTokens: 600, outputTokens: 10 };
    const openai = {
      finishReason: "stop",
      response: { id: "a", modelId: "gpt-5.1" },
      totalUsage: usage,
      usage,
    };
    expect(rowOf(fromAiSdkResult(openai, context))).toMatchObject({
      input_tokens: 400,
      cache_read_tokens: 600,
    });
    const claude = {
      ...openai,
      response: { id: "b", modelId: "claude-opus-4-5" },
      providerMetadata: { anthropic: { cacheCreationInputTokens: 70, usage: { note: MARKER } } },
    };
    expect(rowOf(fromAiSdkResult(claude, context))).toMatchObject({
      input_tokens: 1_000,
      cache_read_tokens: 600,
      cache_creation_tokens: 70,
    });
  });

  test.each(["error", "content-filter"])("a finish for the reason %s is no success", (finishReason) => {
    const result = { finishReason, response: {}, usage: { inputTokens: undefined } };
    expect(rowOf(fromAiSdkResult(result, context))).toMatchObject({
      conclusion: finishReason,
      model: "unknown",
      usage_source: "unknown",
    });
  });

  test("a stream whose usage is still to come is refused, with what to do", async () => {
    const stream = { usage: Promise.resolve({}), totalUsage: Promise.resolve({}) };
    const { code, message } = await thrownBy(() => fromAiSdkResult(stream, context));
    expect(code).toBe("INVALID_RECORD");
    expect(message).toEndWith("Pass what onFinish is given, or await its usage.");
  });
});
