// A bot that answers comments on pull requests with the Claude Agent SDK, and records what each answer cost.
//
//   bun add runledger @anthropic-ai/claude-agent-sdk
//   ANTHROPIC_API_KEY=… bun examples/claude-agent/main.ts     asks Claude
//   bun examples/claude-agent/main.ts --offline               a stand-in answers, as it does without a key
//   bunx runledger report                                     what the answers cost

import { createApp, telemetryPlugin } from "runledger";
import { createBot } from "./bot";

const isOffline = Bun.argv.includes("--offline") || !process.env["ANTHROPIC_API_KEY"];
if (isOffline) console.log("Offline: a stand-in answers, no model is asked. Its numbers are made up.\n");
const { query } = await (isOffline ? import("./stand-in") : import("@anthropic-ai/claude-agent-sdk"));

const app = createApp().use(telemetryPlugin);
app.closeOnSignals();
const answer = createBot({ app, query });

const comments = [
  { repo: "octo-org/octo-repo", prNumber: 7, text: "@bot What does retry() do when the limit is 0?" },
  { repo: "octo-org/octo-repo", prNumber: 7, text: "@bot And when it is negative?" },
  { repo: "octo-org/octo-repo", prNumber: 8, text: "@bot Is every error of this module tested?" },
];
for (const comment of comments) {
  console.log(`${comment.repo}#${comment.prNumber} ${comment.text}\n  ${await answer(comment)}\n`);
}

await app.close();
console.log(`${app.get(telemetryPlugin).stats().written} executions recorded.`);
