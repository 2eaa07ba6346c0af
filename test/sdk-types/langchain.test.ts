import { expect, test } from "bun:test";
import type { AIMessage, UsageMetadata } from "@langchain/core/messages";
import { fromLangChain } from "runledger/adapters";

const context = { repo: "o/r", eventType: "push" };

type Answer = Required<Pick<AIMessage, "type" | "id" | "response_metadata">> & {
  readonly usage_metadata: Required<UsageMetadata> & {
    readonly input_token_details: Required<NonNullable<UsageMetadata["input_token_details"]>>;
    readonly output_token_details: Required<NonNullable<UsageMetadata["output_token_details"]>>;
  };
};

const noMedia = { text: 0, image: 0, audio: 0, video: 0, document: 0 };
const answer: Answer = {
  type: "ai",
  id: "message-1",
  response_metadata: {
    model_provider: "anthropic",
    model_name: "claude-sonnet-4-5",
    output_version: "v1",
    stop_reason: "end_turn",
  },
  usage_metadata: {
    input_tokens: 1_000,
    input_token_details: { ...noMedia, cache_read: 600, cache_creation: 100 },
    output_tokens: 50,
    output_token_details: { ...noMedia, reasoning: 30 },
    total_tokens: 1_050,
  },
};

test("every field of an answer is found", () => {
  expect(fromLangChain(answer, context)).toEqual({
    ...context,
    model: "claude-sonnet-4-5",
    provider: "anthropic",
    conclusion: "success",
    executionId: "message-1",
    stopReason: "end_turn",
    numTurns: 1,
    inputTokens: 300,
    cacheReadTokens: 600,
    cacheCreationTokens: 100,
    outputTokens: 50,
  });
});
