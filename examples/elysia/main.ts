// An Elysia server with its own event bus, which hosts the plugin, and records what each answer of OpenAI used.
//
//   bun add runledger elysia mitt
//   OPENAI_API_KEY=… bun examples/elysia/main.ts      asks OpenAI; without the key a stand-in answers
//   curl localhost:3000/repos/octo-org/octo-repo/questions --json '{"question":"What is this?"}'
//   bunx runledger report                             what the answers used

import { askOpenAi } from "./openai";
import { createServer } from "./server";
import { askStandIn } from "./stand-in";

const isOffline = !process.env["OPENAI_API_KEY"];
if (isOffline) console.log("Offline: a stand-in answers, no model is asked. Its numbers are made up.");

export const server = createServer({ ask: isOffline ? askStandIn : askOpenAi });
server.listen({ hostname: "127.0.0.1", port: Number(process.env["PORT"] ?? 3000) }, ({ url }) =>
  console.log(`Listening on ${url}`),
);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => server.stop());
