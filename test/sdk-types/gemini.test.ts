import { expect, test } from "bun:test";
import type {
  Candidate,
  FinishReason,
  GenerateContentResponse,
  GenerateContentResponsePromptFeedback,
  GenerateContentResponseUsageMetadata,
  TrafficType,
} from "@google/genai";
import { fromGeminiResponse } from "runledger/adapters";

const context = { repo: "o/r", eventType: "push" };

type Read = Required<Pick<GenerateContentResponse, "modelVersion" | "responseId">> & {
  readonly usageMetadata: Required<Omit<GenerateContentResponseUsageMetadata, "trafficType">>;
  readonly candidates: readonly { finishReason: `${NonNullable<Candidate["finishReason"]>}` }[];
};

const response = (finishReason: `${FinishReason}`): Read => ({
  modelVersion: "gemini-3-pro",
  responseId: "response-1",
  candidates: [{ finishReason }],
  usageMetadata: {
    promptTokenCount: 1_000,
    promptTokensDetails: [],
    cachedContentTokenCount: 600,
    cacheTokensDetails: [],
    toolUsePromptTokenCount: 20,
    toolUsePromptTokensDetails: [],
    candidatesTokenCount: 50,
    candidatesTokensDetails: [],
    thoughtsTokenCount: 30,
    totalTokenCount: 1_100,
    // Of the first of several requests, which the prompt's count has in it.
    initialPromptTokenCount: 1_000,
  },
});

const tiers = {
  ON_DEMAND: undefined,
  ON_DEMAND_FLEX: "flex",
  ON_DEMAND_OFFPEAK: "offpeak",
  ON_DEMAND_PRIORITY: "priority",
  PROVISIONED_THROUGHPUT: "provisioned_throughput",
  TRAFFIC_TYPE_UNSPECIFIED: undefined,
} satisfies Record<`${TrafficType}`, string | undefined>;

test.each(Object.entries(tiers))("the traffic type %s is the label %s", (trafficType, label) => {
  const { usageMetadata, ...rest } = response("STOP");
  const record = fromGeminiResponse({ ...rest, usageMetadata: { ...usageMetadata, trafficType } }, context);
  expect(record.labels?.["service_tier"]).toBe(label as string);
});

const conclusions = {
  STOP: "success",
  MAX_TOKENS: "success",
  CONTINUATION: "success",
  FINISH_REASON_UNSPECIFIED: "finish_reason_unspecified",
  SAFETY: "safety",
  RECITATION: "recitation",
  LANGUAGE: "language",
  OTHER: "other",
  BLOCKLIST: "blocklist",
  PROHIBITED_CONTENT: "prohibited_content",
  SPII: "spii",
  MALFORMED_FUNCTION_CALL: "malformed_function_call",
  IMAGE_SAFETY: "image_safety",
  IMAGE_PROHIBITED_CONTENT: "image_prohibited_content",
  IMAGE_OTHER: "image_other",
  NO_IMAGE: "no_image",
  IMAGE_RECITATION: "image_recitation",
  UNEXPECTED_TOOL_CALL: "unexpected_tool_call",
  TOO_MANY_TOOL_CALLS: "too_many_tool_calls",
  MISSING_THOUGHT_SIGNATURE: "missing_thought_signature",
  MALFORMED_RESPONSE: "malformed_response",
  ESCALATION: "escalation",
  PUP_LIMITED_DISABLED: "pup_limited_disabled",
  MODEL_ARMOR: "model_armor",
} satisfies Record<`${FinishReason}`, string>;

test.each(Object.entries(conclusions) as [`${FinishReason}`, string][])(
  "every field of a response is found; with %s it ended in %s",
  (reason, conclusion) => {
    expect(fromGeminiResponse(response(reason), context)).toEqual({
      ...context,
      model: "gemini-3-pro",
      conclusion,
      executionId: "response-1",
      stopReason: reason,
      inputTokens: 420,
      cacheReadTokens: 600,
      outputTokens: 80,
    });
  },
);

test("a prompt that was blocked has no candidates", () => {
  type Blocked = {
    readonly promptFeedback: {
      readonly blockReason: `${NonNullable<GenerateContentResponsePromptFeedback["blockReason"]>}`;
    };
  };
  const blocked: Blocked = { promptFeedback: { blockReason: "JAILBREAK" } };
  expect(fromGeminiResponse(blocked, context)).toMatchObject({
    conclusion: "jailbreak",
    stopReason: "JAILBREAK",
  });
});
