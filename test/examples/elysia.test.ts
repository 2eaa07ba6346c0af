import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { createServer } from "../../examples/elysia/server";
import { createFakeStore } from "../../src/testing";
import { evaluateExample } from "../support/example";
import { read } from "../support/ledger";

type Exports = typeof import("../../examples/elysia/main");
const { exports, dbPath, printed } = await evaluateExample<Exports>("elysia");

function question(body: object): Request {
  return new Request("http://localhost/repos/octo-org/octo-repo/questions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

test("it says that it is offline, and where it listens", () => {
  expect(printed).toContain("Offline: a stand-in answers, no model is asked.");
  expect(printed).toMatch(/Listening on http:\/\/127\.0\.0\.1:\d+/);
});

test("answers are recorded through the bus of the server, and the ledger closes when the server stops", async () => {
  const { server } = exports;
  const answered = await server.handle(question({ question: "What is this?" }));
  expect(await answered.json()).toEqual({ answer: "A small library that retries what failed." });
  expect((await server.handle(question({ question: "" }))).status).toBe(422);
  const { ledger } = server.decorator;
  await ledger.flush();
  const stats = await server.handle(new Request("http://localhost/stats"));
  expect(await stats.json()).toMatchObject({ received: 1, written: 1 });

  await server.stop();
  // Elysia starts the hooks, but doesn't wait for them.
  expect(ledger.stats().state).toBeOneOf(["closing", "closed"]);
  await ledger.close();
  expect(existsSync(`${dbPath}-wal`)).toBe(false);
  const columns =
    "repo, event_type, provider, model, conclusion, cost_source, duration_ms > 0 AS has_duration";
  const tokens = "input_tokens, cache_read_tokens, output_tokens";
  expect(read(dbPath, `SELECT ${columns}, ${tokens} FROM executions`)).toEqual([
    {
      repo: "octo-org/octo-repo",
      event_type: "question",
      provider: "openai",
      model: "gpt-5-mini-2025-08-07",
      conclusion: "success",
      cost_source: "unknown",
      has_duration: 1,
      input_tokens: 176,
      cache_read_tokens: 1_024,
      output_tokens: 96,
    },
  ]);
});

test("a request that OpenAI refuses is recorded as an error", async () => {
  const store = createFakeStore();
  const ask = async () => ({ error: { code: "rate_limit_exceeded", message: "do not tell" } });
  const refused = await createServer({ ask, telemetry: { store } }).handle(question({ question: "Why?" }));
  expect(refused.status).toBe(502);
  expect(store.records).toMatchObject([{ conclusion: "error", stopReason: "rate_limit_exceeded" }]);
  expect(JSON.stringify(store.records)).not.toContain("do not tell");
});
