import { expect, test } from "bun:test";
import type {
  FinishReason,
  GenerateTextResult,
  LanguageModelUsage,
  StepResult,
  Telemetry,
  ToolSet,
} from "ai";
import { type AiSdkTelemetry, fromAiSdkResult } from "runledger/adapters";

const context = { repo: "o/r", eventType: "push" };

/** Never called: that the compiler takes it is the test. */
export const toTelemetry = (telemetry: AiSdkTelemetry): Telemetry => telemetry;

type Result = Pick<GenerateTextResult<ToolSet, Record<string, unknown>, never>, "finishReason" | "usage"> & {
  readonly response: Pick<StepResult<ToolSet>["response"], "id">;
  readonly steps: readonly (Pick<StepResult<ToolSet>, "usage" | "model" | "providerMetadata"> & {
    readonly response: Pick<StepResult<ToolSet>["response"], "modelId">;
  })[];
};

const usage: Required<LanguageModelUsage> = {
  inputTokens: 1_000,
  inputTokenDetails: { noCacheTokens: 300, cacheReadTokens: 600, cacheWriteTokens: 100 },
  outputTokens: 50,
  outputTokenDetails: { textTokens: 20, reasoningTokens: 30 },
  totalTokens: 1_050,
  raw: {},
};
const result = (finishReason: FinishReason): Result => ({
  finishReason,
  usage,
  response: { id: "response-1" },
  steps: [
    {
      usage,
      model: { provider: "anthropic.messages", modelId: "claude-sonnet-4-5" },
      providerMetadata: undefined,
      response: { modelId: "claude-sonnet-4-5-20250929" },
    },
  ],
});

const conclusions = {
  stop: "success",
  length: "success",
  "tool-calls": "success",
  other: "success",
  "content-filter": "content-filter",
  error: "error",
  interrupted: "interrupted",
} satisfies Record<FinishReason, string>;

test.each(Object.entries(conclusions) as [FinishReason, string][])(
  "every field of a result is found; with %s it ended in %s",
  (reason, conclusion) => {
    expect(fromAiSdkResult(result(reason), context)).toEqual({
      ...context,
      provider: "anthropic",
      model: "claude-sonnet-4-5-20250929",
      conclusion,
      executionId: "response-1",
      stopReason: reason,
      numTurns: 1,
      inputTokens: 300,
      cacheReadTokens: 600,
      cacheCreationTokens: 100,
      outputTokens: 50,
    });
  },
);
