import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import type { Query } from "./bot";

/** Made up, in the form that version 0.3.332 of the SDK has. */
const messages = Bun.JSONL.parse(await Bun.file(`${import.meta.dir}/messages.jsonl`).text()) as SDKMessage[];

/** A STAND-IN for the SDK's `query`: plays the messages up to the next result, whatever the prompt. */
export const query: Query = async function* () {
  for (let message = messages.shift(); message !== undefined; message = messages.shift()) {
    yield message;
    if (message.type === "result") return;
  }
};
