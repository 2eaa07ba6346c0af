import { createApp, telemetryPlugin } from "runledger";
import { recordClaude } from "runledger/adapters";

const app = createApp().use(telemetryPlugin);

/** Shows the messages of a review; `messages` is what `query()` of the Claude Agent SDK returns. */
export async function review(messages: AsyncIterable<{ type: string }>): Promise<void> {
  const context = { repo: "octo-org/octo-repo", eventType: "pull_request.opened", prNumber: 42 };
  for await (const message of recordClaude(messages, app, context)) console.log(message.type);
}
