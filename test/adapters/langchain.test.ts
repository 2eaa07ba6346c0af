import { describe, expect, test } from "bun:test";
import { fromLangChain } from "../../src/adapters";
import { context, MARKER, rowOf } from "../support/adapted-row";
import { thrownBy } from "../support/thrown-by";

describe("LangChain", () => {
  const answer = (id: string, usage: object, metadata: object) => ({
    type: "ai",
    id,
    content: MARKER,
    usage_metadata: usage,
    response_metadata: metadata,
  });
  const usage = {
    input_tokens: 1_000,
    output_tokens: 50,
    total_tokens: 1_050,
    input_token_details: { cache_read: 600, cache_creation: 100 },
  };
  const ofOpenAi = { model_name: "gpt-5.1", model_provider: "openai", finish_reason: "stop" };
  const first = answer("chatcmpl-1", usage, { ...ofOpenAi, finish_reason: "tool_calls" });
  const second = answer("chatcmpl-2", usage, ofOpenAi);
  const [human, tool] = ["human", "tool"].map((type) => ({ type, content: MARKER }));

  test("the answer of a model", () => {
    expect(rowOf(fromLangChain(second, context))).toMatchObject({
      execution_id: "chatcmpl-2",
      model: "gpt-5.1",
      provider: "openai",
      conclusion: "success",
      stop_reason: "stop",
      num_turns: 1,
      input_tokens: 300,
      cache_read_tokens: 600,
      cache_creation_tokens: 100,
      output_tokens: 50,
    });
  });

  test("the state of an agent counts since the last message of a human, by model", () => {
    const other = answer("msg_1", usage, { model: "claude-haiku-4-5", model_provider: "anthropic" });
    const earlier = [human, answer("old", usage, ofOpenAi)];
    const { models, ...row } = rowOf(
      fromLangChain({ messages: [...earlier, human, first, tool, other, tool, second] }, context),
    );
    expect(row).toMatchObject({
      execution_id: "chatcmpl-1",
      stop_reason: "stop",
      num_turns: 3,
      input_tokens: 900,
    });
    expect(models).toMatchObject([
      { model: "gpt-5.1", provider: "openai", input_tokens: 600 },
      { model: "claude-haiku-4-5", provider: "anthropic", input_tokens: 300 },
    ]);
  });

  test("messages of earlier versions say by a method what they are", () => {
    const { type: _, ...bare } = first;
    expect(rowOf(fromLangChain({ ...bare, _getType: () => "ai" }, context)).input_tokens).toBe(300);
  });

  test("Anthropic's own input, as early versions passed it on, has no cached tokens in it", () => {
    const raw = { input_tokens: 1_000, cache_read_input_tokens: 600, cache_creation_input_tokens: 100 };
    const metadata = { model: "claude-haiku-4-5", stop_reason: "end_turn", usage: raw };
    expect(rowOf(fromLangChain(answer("a", usage, metadata), context)).input_tokens).toBe(1_000);
    const now = { ...usage, input_tokens: 1_700, total_tokens: 1_750 };
    const row = rowOf(fromLangChain(answer("b", now, metadata), context));
    expect(row).toMatchObject({ input_tokens: 1_000, cache_read_tokens: 600, output_tokens: 50 });
  });

  test("Gemini's thoughts are in the total alone", () => {
    const metadata = { model_provider: "google-genai", finishReason: "STOP" };
    const thoughtful = answer("g", { ...usage, total_tokens: 1_080 }, metadata);
    expect(rowOf(fromLangChain(thoughtful, { ...context, model: "gemini-2.5-pro" }))).toMatchObject({
      model: "gemini-2.5-pro",
      provider: "google",
      input_tokens: 300,
      output_tokens: 80,
    });
  });

  test.each([
    [answer("a", usage, { finish_reason: "content_filter" }), "content_filter", "reported"],
    [answer("a", usage, { finishReason: "SAFETY" }), "safety", "reported"],
    [answer("a", usage, { stopReason: "guardrail_intervened" }), "guardrail_intervened", "reported"],
    [{ type: "ai", content: MARKER }, "success", "unknown"],
  ])("%j ended in %s, its usage is %s", (message, conclusion, usage_source) => {
    expect(rowOf(fromLangChain(message, context))).toMatchObject({ conclusion, usage_source });
  });

  test("a total of others that has more in it is no output", () => {
    const counts = { input_tokens: 4, output_tokens: 50, total_tokens: 1_854 };
    const row = rowOf(fromLangChain(answer("a", counts, { model_provider: "bedrock-converse" }), context));
    expect(row).toMatchObject({ provider: "aws", input_tokens: 4, output_tokens: 50 });
  });

  test("a state without an answer is refused", async () => {
    const throws = () => {
      throw new Error(MARKER);
    };
    for (const state of [
      { _getType: throws },
      { messages: [] },
      { messages: [first, human] },
      human as object,
    ]) {
      expect((await thrownBy(() => fromLangChain(state, context))).code).toBe("INVALID_RECORD");
    }
  });
});
