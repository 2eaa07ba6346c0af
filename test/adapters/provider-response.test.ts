import { expect, test } from "bun:test";
import { fromProviderResponse, openPriceList } from "../../src/adapters";
import { context, MARKER, rowOf } from "../support/adapted-row";
import { thrownBy } from "../support/thrown-by";

const message = { role: "assistant", content: MARKER };
const groq = {
  id: "chatcmpl-1",
  model: "llama-3.3-70b-versatile",
  choices: [{ index: 0, finish_reason: "stop", message }],
  usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
};

test("any provider that the package knows: input without what of it was cached", () => {
  expect(rowOf(fromProviderResponse("groq", groq, context))).toMatchObject({
    execution_id: "chatcmpl-1",
    provider: "groq",
    model: "llama-3.3-70b-versatile",
    conclusion: "success",
    input_tokens: 100,
    output_tokens: 20,
  });
  const usage = { ...groq.usage, prompt_tokens_details: { cached_tokens: 60 } };
  expect(rowOf(fromProviderResponse("openrouter", { ...groq, usage }, context))).toMatchObject({
    input_tokens: 40,
    cache_read_tokens: 60,
  });
});

test("of several APIs of a provider, the one that has usage, or the one that is named", () => {
  const usage = { input_tokens: 100, output_tokens: 20, input_tokens_details: { cached_tokens: 60 } };
  const response = { id: "resp_1", model: "gpt-5", output: [], usage };
  const fields = { input_tokens: 40, cache_read_tokens: 60, output_tokens: 20, model: "gpt-5" };
  expect(rowOf(fromProviderResponse("openai", response, context))).toMatchObject(fields);
  const named = fromProviderResponse("openai", response, context, { apiFlavor: "responses" });
  expect(rowOf(named)).toMatchObject(fields);
});

test("Anthropic's own tokens don't overlap", () => {
  const usage = {
    ...{ input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 200 },
    ...{ cache_creation_input_tokens: 30, cache_creation: { ephemeral_1h_input_tokens: 20 } },
  };
  const response = { id: "msg_1", model: "claude-sonnet-4-5", content: [message], usage };
  const fields = { input_tokens: 10, cache_read_tokens: 200, cache_creation_tokens: 30, output_tokens: 5 };
  expect(rowOf(fromProviderResponse("anthropic", response, context))).toMatchObject(fields);
  const priced = fromProviderResponse("anthropic", response, { ...context, prices: openPriceList() });
  const usd = 10 * 3 + 5 * 15 + 200 * 0.3 + 10 * 3.75 + 20 * 6;
  expect(priced.costUsd).toBeCloseTo(usd / 1e6, 12);
});

test.each([
  ["nobody", groq, "INVALID_ARGUMENT"],
  ["openai", {}, "INVALID_RECORD"],
  ["openai", { usage: "many" }, "INVALID_RECORD"],
  ["openai", null, "INVALID_RECORD"],
])("what can't be read is refused: %s %j", async (provider, body, code) => {
  const error = await thrownBy(() => fromProviderResponse(provider, body as object, context));
  expect(error.code).toBe(code as never);
});
