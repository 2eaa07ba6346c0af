import { createTextStreamResponse, generateText, type LanguageModel, streamText } from "ai";
import { Hono } from "hono";
import { validator } from "hono/validator";

/** What is let through to the telemetry; nothing else of `runtimeContext` is. */
const telemetry = { includeRuntimeContext: { repo: true, eventType: true, labels: true } } as const;

/** Answers questions about a repository: streamed, or at once. */
export function createRoutes(model: LanguageModel) {
  return new Hono()
    .post("/repos/:owner/:name/questions", question, (c) => {
      const result = streamText({
        model,
        prompt: c.req.valid("json").question,
        abortSignal: c.req.raw.signal,
        runtimeContext: contextOf(c.req.param(), c.req.header("X-User"), "question"),
        telemetry,
      });
      return createTextStreamResponse({ stream: result.textStream });
    })
    .post("/repos/:owner/:name/titles", question, async (c) => {
      const { text } = await generateText({
        model,
        system: "Give this question a title of at most five words.",
        prompt: c.req.valid("json").question,
        abortSignal: c.req.raw.signal,
        runtimeContext: contextOf(c.req.param(), c.req.header("X-User"), "title"),
        telemetry,
      });
      return c.json({ title: text });
    });
}

const question = validator("json", ({ question }: { question?: unknown }, c) =>
  typeof question === "string" && question !== ""
    ? { question }
    : c.json({ error: "question: expected a text" }, 400),
);

/** What the ledger is to know of a request. */
function contextOf({ owner, name }: Record<"owner" | "name", string>, user = "anonymous", eventType: string) {
  return { repo: `${owner}/${name}`, eventType, labels: { user } };
}
