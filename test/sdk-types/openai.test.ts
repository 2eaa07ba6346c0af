import { expect, test } from "bun:test";
import type { ChatCompletion } from "openai/resources/chat/completions";
import type { CompletionUsage } from "openai/resources/completions";
import type { Response, ResponseStatus, ResponseUsage } from "openai/resources/responses/responses";
import { fromOpenAiResponse } from "runledger/adapters";

const context = { repo: "o/r", eventType: "push" };

type ReadResponse = Required<
  Pick<Response, "id" | "model" | "status" | "error" | "incomplete_details" | "conversation" | "usage">
>;

const response: ReadResponse = {
  id: "resp_1",
  model: "gpt-5.1",
  status: "completed",
  error: null,
  incomplete_details: null,
  conversation: { id: "conv_1" },
  usage: {
    input_tokens: 1_000,
    input_tokens_details: {
      cached_tokens: 600,
      cache_write_tokens: 100,
      cache_write_tokens_details: { ttl_12h_tokens: 40, ttl_30m_tokens: 60 },
    },
    output_tokens: 50,
    output_tokens_details: { reasoning_tokens: 30 },
    total_tokens: 1_050,
  } satisfies Required<ResponseUsage> & {
    input_tokens_details: Required<ResponseUsage.InputTokensDetails>;
    output_tokens_details: Required<ResponseUsage.OutputTokensDetails>;
  },
};
const tokens = { inputTokens: 300, cacheReadTokens: 600, cacheCreationTokens: 100, outputTokens: 50 };

test("every field of a response is found", () => {
  expect(fromOpenAiResponse(response, context)).toEqual({
    ...context,
    ...tokens,
    model: "gpt-5.1",
    conclusion: "success",
    executionId: "resp_1",
    sessionId: "conv_1",
    stopReason: undefined,
  });
  const incomplete = { ...response, incomplete_details: { reason: "max_output_tokens" } as const };
  expect(fromOpenAiResponse(incomplete satisfies ReadResponse, context).stopReason).toBe("max_output_tokens");
  const error = { code: "server_error", message: "do not tell" } as const;
  const failed = { ...response, error } satisfies ReadResponse;
  expect(fromOpenAiResponse(failed, context).stopReason).toBe("server_error");
});

const tiers = {
  auto: undefined,
  default: undefined,
  flex: "flex",
  priority: "priority",
  scale: "scale",
  fast: "fast",
  ultrafast: "ultrafast",
} satisfies Record<NonNullable<Response["service_tier"]>, string | undefined>;

test.each(Object.entries(tiers))("the service tier %s is the label %s", (service_tier, label) => {
  const record = fromOpenAiResponse({ ...response, service_tier }, context);
  expect(record.labels?.["service_tier"]).toBe(label as string);
});

const conclusions = {
  completed: "success",
  failed: "failed",
  in_progress: "in_progress",
  cancelled: "cancelled",
  queued: "queued",
  incomplete: "incomplete",
} satisfies Record<ResponseStatus, string>;

test.each(Object.entries(conclusions))("a response with the status %s ended in %s", (status, conclusion) => {
  expect(fromOpenAiResponse({ ...response, status }, context).conclusion).toBe(conclusion);
});

type FinishReason = ChatCompletion.Choice["finish_reason"];
type ReadCompletion = Required<Pick<ChatCompletion, "id" | "model" | "usage">> & {
  readonly choices: readonly Pick<ChatCompletion.Choice, "finish_reason">[];
};

const completion = (finish_reason: FinishReason): ReadCompletion => ({
  id: "chatcmpl_1",
  model: "gpt-5.1",
  choices: [{ finish_reason }],
  usage: {
    prompt_tokens: 1_000,
    prompt_tokens_details: {
      cached_tokens: 600,
      cache_write_tokens: 100,
      audio_tokens: 0,
      image_tokens: 0,
      text_tokens: 1_000,
    } satisfies Required<CompletionUsage.PromptTokensDetails>,
    completion_tokens: 50,
    completion_tokens_details: {
      reasoning_tokens: 30,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      audio_tokens: 0,
      text_tokens: 20,
    } satisfies Required<CompletionUsage.CompletionTokensDetails>,
    total_tokens: 1_050,
  } satisfies Required<CompletionUsage>,
});

const ends = {
  stop: "success",
  length: "success",
  tool_calls: "success",
  function_call: "success",
  content_filter: "content_filter",
} satisfies Record<FinishReason, string>;

test.each(Object.entries(ends) as [FinishReason, string][])(
  "every field of a chat completion is found; with %s it ended in %s",
  (reason, conclusion) => {
    expect(fromOpenAiResponse(completion(reason), context)).toEqual({
      ...context,
      ...tokens,
      model: "gpt-5.1",
      conclusion,
      executionId: "chatcmpl_1",
      stopReason: reason,
    });
  },
);
