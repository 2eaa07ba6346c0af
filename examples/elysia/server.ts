import { Elysia, t } from "elysia";
import mitt from "mitt";
import { type AppEvents, type TelemetryPluginOptions, telemetryPlugin } from "runledger";
import { fromOpenAiResponse } from "runledger/adapters";
import type { Ask } from "./openai";

export interface ServerOptions {
  readonly ask: Ask;
  readonly telemetry?: TelemetryPluginOptions;
}

/** Answers questions about a repository, and tells on `/stats` what became of the events. */
export function createServer({ ask, telemetry }: ServerOptions) {
  const bus = mitt<AppEvents>();
  const app = new Elysia();
  // All that the plugin needs of a host: a bus, and to be told when it ends.
  const ledger = telemetryPlugin.setup(
    { emitter: bus, onClose: (hook) => app.onStop(() => hook()) },
    telemetry,
  );

  return app
    .decorate({ bus, ledger })
    .get("/stats", ({ ledger }) => ledger.stats())
    .post(
      "/repos/:owner/:name/questions",
      async ({ bus, body, params, status }) => {
        const startMs = performance.now();
        const response = await ask(body.question);
        const context = {
          repo: `${params.owner}/${params.name}`,
          eventType: "question",
          durationMs: performance.now() - startMs,
        };
        bus.emit("execution:completed", fromOpenAiResponse(response, context));
        const answer = textOf(response);
        return answer === "" ? status(502, { error: "The model gave no answer." }) : { answer };
      },
      { body: t.Object({ question: t.String({ minLength: 1 }) }) },
    );
}

function textOf({ output = [] }: Awaited<ReturnType<Ask>>): string {
  return output.flatMap(({ content = [] }) => content.map(({ text = "" }) => text)).join("");
}
