import { MockLanguageModelV4, simulateReadableStream } from "ai/test";

const usage = {
  inputTokens: { total: 1_200, noCache: 200, cacheRead: 1_000, cacheWrite: 0 },
  outputTokens: { total: 40, text: 40, reasoning: 0 },
};
const finishReason = { unified: "stop", raw: "end_turn" } as const;
const answer = "A small library that retries what failed.";

/** A STAND-IN: answers every prompt with the same words, and makes its numbers up. */
export const standInModel = new MockLanguageModelV4({
  provider: "anthropic.messages",
  modelId: "claude-haiku-4-5",
  doGenerate: async () => ({
    content: [{ type: "text", text: answer }],
    finishReason,
    usage,
    warnings: [],
  }),
  doStream: async () => ({
    stream: simulateReadableStream({
      chunks: [
        { type: "stream-start", warnings: [] },
        { type: "text-start", id: "1" },
        ...answer.split(/(?<= )/).map((delta) => ({ type: "text-delta", id: "1", delta }) as const),
        { type: "text-end", id: "1" },
        { type: "finish", finishReason, usage },
      ],
    }),
  }),
});
