import { expect, test } from "bun:test";
import { standInModel } from "../../examples/ai-sdk-hono/stand-in-model";
import { evaluateExample } from "../support/example";
import { read } from "../support/ledger";

type Exports = typeof import("../../examples/ai-sdk-hono/main");
const { exports, dbPath, printed } = await evaluateExample<Exports>("ai-sdk-hono");
const { app, server } = exports;

function post(path: string, body: object, user?: string): Request {
  const headers = { "Content-Type": "application/json", ...(user !== undefined && { "X-User": user }) };
  return new Request(`${server.url.origin}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

const ask = { question: "What is this?" };
const QUESTIONS = "/repos/octo-org/octo-repo/questions";
const ANSWER = "A small library that retries what failed.";

test("it says that it is offline, and where it listens", () => {
  expect(printed).toContain("Offline: a stand-in answers, no model is asked.");
  expect(printed).toContain(`Listening on ${server.url}`);
});

test("answers are recorded for their repository and user, also one that is streamed while the app closes", async () => {
  const streamed = await server.fetch(post(QUESTIONS, ask, "ada"));
  expect(await streamed.text()).toBe(ANSWER);
  const titled = await server.fetch(post("/repos/octo-org/other/titles", ask));
  expect(await titled.json()).toEqual({ title: ANSWER });
  const refused = await server.fetch(post(QUESTIONS, { question: 7 }));
  expect(refused.status).toBe(400);

  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
  const { promise: goOn, resolve: onGoOn } = Promise.withResolvers<void>();
  const { doStream } = standInModel;
  standInModel.doStream = async (options) => {
    onAsked();
    await goOn;
    return doStream(options);
  };
  const late = fetch(post(QUESTIONS, ask, "grace"));
  await asked;
  const closing = app.close();
  onGoOn();
  expect(await (await late).text()).toBe(ANSWER);
  await closing;

  const columns =
    "repo, event_type, labels, model, conclusion, input_tokens, cache_read_tokens, output_tokens";
  const rows = read(dbPath, `SELECT ${columns}, cost_source FROM executions ORDER BY id`);
  const answer = {
    model: "claude-haiku-4-5",
    conclusion: "success",
    input_tokens: 200,
    cache_read_tokens: 1_000,
    output_tokens: 40,
    cost_source: "unknown",
  };
  const question = { ...answer, repo: "octo-org/octo-repo", event_type: "question" };
  expect(rows).toEqual([
    { ...question, labels: '{"user":"ada"}' },
    { ...answer, repo: "octo-org/other", event_type: "title", labels: '{"user":"anonymous"}' },
    { ...question, labels: '{"user":"grace"}' },
  ]);
});
