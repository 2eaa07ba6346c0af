import { describe, expect, test } from "bun:test";
import { fromOpenAiResponse } from "../../src/adapters";
import { context, MARKER, rowOf } from "../support/adapted-row";

describe("OpenAI", () => {
  const response = {
    id: "resp_1",
    object: "response",
    status: "completed",
    model: "gpt-5.1-2025-11-13",
    output: [{ type: "message", content: [{ type: "output_text", text: MARKER }] }],
    usage: {
      input_tokens: 1_000,
      input_tokens_details: { cached_tokens: 600, cache_write_tokens: 100 },
      output_tokens: 50,
      output_tokens_details: { reasoning_tokens: 30 },
      total_tokens: 1_050,
    },
  };
  const chat = {
    id: "chatcmpl-1",
    object: "chat.completion",
    model: "gpt-4.1",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: MARKER } }],
    usage: {
      prompt_tokens: 1_000,
      completion_tokens: 50,
      prompt_tokens_details: { cached_tokens: 600 },
      completion_tokens_details: { reasoning_tokens: 30 },
    },
  };

  test("Responses: cached and written input is taken out of the input", () => {
    expect(rowOf(fromOpenAiResponse(response, context))).toMatchObject({
      execution_id: "resp_1",
      model: "gpt-5.1-2025-11-13",
      provider: "openai",
      conclusion: "success",
      input_tokens: 300,
      cache_read_tokens: 600,
      cache_creation_tokens: 100,
      output_tokens: 50,
      usage_source: "reported",
    });
  });

  test("Chat Completions: the same under other names", () => {
    expect(rowOf(fromOpenAiResponse(chat, context))).toMatchObject({
      execution_id: "chatcmpl-1",
      conclusion: "success",
      stop_reason: "stop",
      input_tokens: 400,
      cache_read_tokens: 600,
      output_tokens: 50,
    });
  });

  test.each([
    [
      { ...response, status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
      "incomplete",
      "max_output_tokens",
    ],
    [
      { ...response, status: "failed", error: { code: "server_error", message: MARKER }, usage: null },
      "failed",
      "server_error",
    ],
    [{ ...response, status: "cancelled" }, "cancelled", null],
    [{ error: { code: "invalid_api_key", message: MARKER } }, "error", "invalid_api_key"],
    [{ ...chat, choices: [{ finish_reason: "content_filter" }] }, "content_filter", "content_filter"],
    [{ ...chat, choices: [{ finish_reason: "length" }] }, "success", "length"],
  ])("%j ended in %s (%s)", (body, conclusion, stop_reason) => {
    expect(rowOf(fromOpenAiResponse(body, context))).toMatchObject({ conclusion, stop_reason });
  });

  test("of a compatible service, who served it is what the caller says", () => {
    const groq = { ...chat, model: "llama-3.3-70b", usage: { prompt_tokens: 7, completion_tokens: 2 } };
    expect(rowOf(fromOpenAiResponse(groq, { ...context, provider: "groq" }))).toMatchObject({
      provider: "groq",
      input_tokens: 7,
      cache_read_tokens: 0,
    });
  });

  test("without usage nothing is known of it", () => {
    const { usage: _, ...bare } = chat;
    expect(rowOf(fromOpenAiResponse(bare, context)).usage_source).toBe("unknown");
  });
});
