import type { Ask } from "./openai";

/** A STAND-IN: a made-up response in the form that OpenAI's API gives it, whatever the question. */
export const askStandIn: Ask = async () => ({
  id: `resp_${crypto.randomUUID()}`,
  object: "response",
  status: "completed",
  model: "gpt-5-mini-2025-08-07",
  output: [
    { type: "reasoning", summary: [] },
    {
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "A small library that retries what failed." }],
    },
  ],
  usage: {
    input_tokens: 1_200,
    input_tokens_details: { cached_tokens: 1_024 },
    output_tokens: 96,
    output_tokens_details: { reasoning_tokens: 64 },
    total_tokens: 1_296,
  },
});
