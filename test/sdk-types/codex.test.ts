import { expect, test } from "bun:test";
import type { RunResult, TurnCompletedEvent, TurnFailedEvent, Usage } from "@openai/codex-sdk";
import { fromCodexTurn } from "runledger/adapters";

const context = { repo: "o/r", eventType: "push", model: "gpt-5.1-codex" };

const usage: Required<Usage> = {
  input_tokens: 1_000,
  cached_input_tokens: 600,
  cache_write_input_tokens: 100,
  output_tokens: 50,
  reasoning_output_tokens: 30,
};
const turn: RunResult = { items: [], finalResponse: "do not tell", usage };
const completed: TurnCompletedEvent = { type: "turn.completed", usage };
const failed: TurnFailedEvent = { type: "turn.failed", error: { message: "do not tell" } };

test.each([
  ["turn", turn],
  ["event", completed],
])("every field of a %s is found", (_, given) => {
  expect(fromCodexTurn(given, context, { threadId: "thread-1" })).toEqual({
    ...context,
    conclusion: "success",
    sessionId: "thread-1",
    inputTokens: 300,
    cacheReadTokens: 600,
    cacheCreationTokens: 100,
    outputTokens: 50,
  });
});

test("a turn that failed tells no usage", () => {
  const record = fromCodexTurn(failed, context);
  expect(record).toMatchObject({ conclusion: "error" });
  expect(record.inputTokens).toBeUndefined();
});
