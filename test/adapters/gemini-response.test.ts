import { describe, expect, test } from "bun:test";
import { fromGeminiResponse } from "../../src/adapters";
import { context, MARKER, rowOf } from "../support/adapted-row";

describe("Gemini", () => {
  const response = {
    responseId: "g-1",
    modelVersion: "gemini-2.5-pro",
    candidates: [{ finishReason: "STOP", content: { parts: [{ text: MARKER }] } }],
    usageMetadata: {
      promptTokenCount: 1_000,
      cachedContentTokenCount: 600,
      toolUsePromptTokenCount: 20,
      candidatesTokenCount: 50,
      thoughtsTokenCount: 30,
      totalTokenCount: 1_100,
    },
  };

  test("thoughts are beside the candidates, prompts of tools beside the prompt, cached content within it", () => {
    expect(rowOf(fromGeminiResponse(response, context))).toMatchObject({
      execution_id: "g-1",
      model: "gemini-2.5-pro",
      provider: "google",
      conclusion: "success",
      stop_reason: "STOP",
      input_tokens: 420,
      cache_read_tokens: 600,
      output_tokens: 80,
    });
  });

  test.each([
    [{ candidates: [{ finishReason: "MAX_TOKENS" }] }, "success"],
    [{ candidates: [{ finishReason: "SAFETY" }] }, "safety"],
    [{ candidates: [], promptFeedback: { blockReason: "OTHER" } }, "other"],
    [{ candidates: [{}] }, "success"],
  ])("%j ended in %s", (part, conclusion) => {
    expect(rowOf(fromGeminiResponse({ ...response, ...part }, context)).conclusion).toBe(conclusion);
  });
});
