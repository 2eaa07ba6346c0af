import { expect, test } from "bun:test";
import type {
  ModelUsage,
  query,
  SDKAssistantMessage,
  SDKMessage,
  SDKResultMessage,
  SDKResultSuccess,
  SDKSystemMessage,
} from "@anthropic-ai/claude-agent-sdk";
import { fromClaudeResult, recordClaude } from "runledger/adapters";
import { createFakeEmitter } from "runledger/testing";

const context = { repo: "o/r", eventType: "push" };

/** Never called: that the compiler takes it is the test. */
export function review(ask: typeof query): AsyncIterable<SDKMessage> {
  return recordClaude(ask({ prompt: "Review this." }), { emitter: createFakeEmitter() }, context);
}

type Result = Pick<
  SDKResultSuccess,
  | "type"
  | "subtype"
  | "is_error"
  | "uuid"
  | "session_id"
  | "stop_reason"
  | "terminal_reason"
  | "api_error_status"
  | "total_cost_usd"
  | "duration_ms"
  | "num_turns"
> & {
  readonly usage: Pick<
    SDKResultSuccess["usage"],
    "input_tokens" | "output_tokens" | "cache_read_input_tokens" | "cache_creation_input_tokens"
  >;
  readonly modelUsage: Record<string, Required<ModelUsage>>;
};

const result: Result = {
  type: "result",
  subtype: "success",
  is_error: false,
  uuid: "0d9f7c61-52b4-4e0a-a3c7-7e1b2f8d6001",
  session_id: "5f0c1d2e-8a7b-4c3d-9e21-6b1f0a7c4d10",
  stop_reason: null,
  terminal_reason: "completed",
  api_error_status: null,
  total_cost_usd: 0.25,
  duration_ms: 1_500,
  num_turns: 2,
  usage: {
    input_tokens: 12,
    output_tokens: 850,
    cache_read_input_tokens: 45_200,
    cache_creation_input_tokens: 10_300,
  },
  modelUsage: {
    "claude-sonnet-4-5": {
      inputTokens: 12,
      outputTokens: 850,
      thinkingTokens: 600,
      cacheReadInputTokens: 45_200,
      cacheCreationInputTokens: 10_300,
      cacheCreationEphemeral5mInputTokens: 10_000,
      cacheCreationEphemeral1hInputTokens: 300,
      webSearchRequests: 0,
      costUSD: 0.25,
      contextWindow: 200_000,
      maxOutputTokens: 64_000,
      canonicalModel: "claude-sonnet-4-5",
      provider: "bedrock",
      costBasis: "unknown",
    },
  },
};
const used = {
  inputTokens: 12,
  outputTokens: 850,
  cacheReadTokens: 45_200,
  cacheCreationTokens: 10_300,
  costUsd: 0.25,
};

test("every field of a result is found", () => {
  expect(fromClaudeResult(result, context)).toEqual({
    ...context,
    ...used,
    model: "claude-sonnet-4-5",
    provider: "aws",
    costSource: "estimated",
    conclusion: "success",
    executionId: result.uuid,
    sessionId: result.session_id,
    stopReason: "completed",
    durationMs: 1_500,
    numTurns: 2,
  });
  const { modelUsage: _, ...withoutModels } = result;
  expect(fromClaudeResult(withoutModels, context)).toMatchObject({ ...used, model: "unknown" });
});

const conclusions = {
  success: "success",
  error_during_execution: "error_during_execution",
  error_max_turns: "error_max_turns",
  error_max_budget_usd: "error_max_budget_usd",
  error_max_structured_output_retries: "error_max_structured_output_retries",
} satisfies Record<SDKResultMessage["subtype"], string>;

test.each(Object.entries(conclusions))("a result of subtype %s ended in %s", (subtype, conclusion) => {
  expect(fromClaudeResult({ ...result, subtype }, context).conclusion).toBe(conclusion);
});

type Init = Pick<SDKSystemMessage, "type" | "subtype" | "session_id" | "claude_code_version">;
type Assistant = Pick<SDKAssistantMessage, "type"> & {
  readonly message: Pick<SDKAssistantMessage["message"], "id" | "model"> & {
    readonly usage: Pick<
      SDKAssistantMessage["message"]["usage"],
      keyof Result["usage"] | "cache_creation" | "service_tier" | "inference_geo" | "speed"
    >;
  };
};

test("every field of the messages of a stream that was cut is found", async () => {
  const init: Init = {
    type: "system",
    subtype: "init",
    session_id: result.session_id,
    claude_code_version: "2.1.332",
  };
  const assistant: Assistant = {
    type: "assistant",
    message: {
      id: "msg_01",
      model: "claude-sonnet-4-5",
      usage: {
        ...result.usage,
        cache_creation: { ephemeral_5m_input_tokens: 10_000, ephemeral_1h_input_tokens: 300 },
        ...{ service_tier: "standard", inference_geo: "global", speed: "fast" },
      },
    },
  };
  const emitter = createFakeEmitter();
  const messages = async function* () {
    yield* [init, assistant];
  };
  for await (const _ of recordClaude(messages(), { emitter }, context));
  const { costUsd: _, ...tokens } = used;
  expect(emitter.emittedOf("execution:completed")).toMatchObject([
    {
      conclusion: "error",
      sessionId: result.session_id,
      model: "claude-sonnet-4-5",
      ...tokens,
      labels: { service_tier: "fast" },
    },
  ]);
});
