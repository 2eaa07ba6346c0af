import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  fromAiSdkResult,
  fromCodexTurn,
  fromGeminiResponse,
  fromLangChain,
  fromOpenAiAgents,
  fromOpenAiResponse,
} from "../../src/adapters";
import { toExecutionRow } from "../../src/ledger/row";
import type { TelemetryRecord } from "../../src/record/types";
import { thrownBy } from "../support/thrown-by";

const context = { repo: "o/r", eventType: "push", labels: { team: "core" }, durationMs: 1_500 };
const MARKER = "do not tell";

/** What a record is in the ledger: each of these comes without a cost. */
function rowOf(record: TelemetryRecord) {
  expect(JSON.stringify(record)).not.toContain(MARKER);
  const row = toExecutionRow(record);
  expect(row).toMatchObject({
    cost_source: "unknown",
    labels: '{"team":"core"}',
    duration_ms: 1_500,
    repo: "o/r",
  });
  return row;
}

describe("OpenAI", () => {
  const response = {
    id: "resp_1",
    object: "response",
    status: "completed",
    model: "gpt-5.1-2025-11-13",
    output: [{ type: "message", content: [{ type: "output_text", text: MARKER }] }],
    usage: {
      input_tokens: 1_000,
      input_tokens_details: { cached_tokens: 600, cache_write_tokens: 100 },
      output_tokens: 50,
      output_tokens_details: { reasoning_tokens: 30 },
      total_tokens: 1_050,
    },
  };
  const chat = {
    id: "chatcmpl-1",
    object: "chat.completion",
    model: "gpt-4.1",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: MARKER } }],
    usage: {
      prompt_tokens: 1_000,
      completion_tokens: 50,
      prompt_tokens_details: { cached_tokens: 600 },
      completion_tokens_details: { reasoning_tokens: 30 },
    },
  };

  test("Responses: cached and written input is taken out of the input", () => {
    expect(rowOf(fromOpenAiResponse(response, context))).toMatchObject({
      execution_id: "resp_1",
      model: "gpt-5.1-2025-11-13",
      provider: "openai",
      conclusion: "success",
      input_tokens: 300,
      cache_read_tokens: 600,
      cache_creation_tokens: 100,
      output_tokens: 50,
      usage_source: "reported",
    });
  });

  test("Chat Completions: the same under other names", () => {
    expect(rowOf(fromOpenAiResponse(chat, context))).toMatchObject({
      execution_id: "chatcmpl-1",
      conclusion: "success",
      stop_reason: "stop",
      input_tokens: 400,
      cache_read_tokens: 600,
      output_tokens: 50,
    });
  });

  test.each([
    [
      { ...response, status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
      "incomplete",
      "max_output_tokens",
    ],
    [
      { ...response, status: "failed", error: { code: "server_error", message: MARKER }, usage: null },
      "failed",
      "server_error",
    ],
    [{ ...response, status: "cancelled" }, "cancelled", null],
    [{ error: { code: "invalid_api_key", message: MARKER } }, "error", "invalid_api_key"],
    [{ ...chat, choices: [{ finish_reason: "content_filter" }] }, "content_filter", "content_filter"],
    [{ ...chat, choices: [{ finish_reason: "length" }] }, "success", "length"],
  ])("%j ended in %s (%s)", (body, conclusion, stop_reason) => {
    expect(rowOf(fromOpenAiResponse(body, context))).toMatchObject({ conclusion, stop_reason });
  });

  test("of a compatible service, who served it is what the caller says", () => {
    const groq = { ...chat, model: "llama-3.3-70b", usage: { prompt_tokens: 7, completion_tokens: 2 } };
    expect(rowOf(fromOpenAiResponse(groq, { ...context, provider: "groq" }))).toMatchObject({
      provider: "groq",
      input_tokens: 7,
      cache_read_tokens: 0,
    });
  });

  test("without usage nothing is known of it", () => {
    const { usage: _, ...bare } = chat;
    expect(rowOf(fromOpenAiResponse(bare, context)).usage_source).toBe("unknown");
  });
});

describe("OpenAI Agents SDK", () => {
  // As version 0.20 has them.
  const usage = (inputTokens: number, read: number, written: number, outputTokens: number) => ({
    requests: 1,
    inputTokens,
    outputTokens,
    inputTokensDetails: [{ cached_tokens: read, cache_write_tokens: written }],
    outputTokensDetails: [{ reasoning_tokens: outputTokens }],
  });
  const response = (responseId: string, model: string | undefined, used: object) => ({
    responseId,
    usage: used,
    output: [{ type: "message", content: [{ type: "output_text", text: MARKER }] }],
    ...(model !== undefined && { providerData: { model, instructions: MARKER } }),
  });
  const ofRun = (inputTokens: number, outputTokens: number, details: readonly object[]) => ({
    usage: { requests: details.length, inputTokens, outputTokens, inputTokensDetails: details },
  });
  const first = response("resp_1", "gpt-5.1", usage(100, 60, 5, 10));
  const second = response("resp_2", "gpt-5.1", usage(200, 150, 0, 20));
  const details = [{ cached_tokens: 60, cache_write_tokens: 5 }, { cached_tokens: 150 }];
  const run = {
    state: ofRun(300, 30, details),
    rawResponses: [first, second],
    interruptions: [],
    finalOutput: MARKER,
  };

  test("a run is the sum of its responses", () => {
    expect(rowOf(fromOpenAiAgents(run, context))).toMatchObject({
      execution_id: "resp_1",
      model: "gpt-5.1",
      provider: "openai",
      conclusion: "success",
      num_turns: 2,
      input_tokens: 85,
      cache_read_tokens: 210,
      cache_creation_tokens: 5,
      output_tokens: 30,
    });
  });

  test("what agents used that are tools has no model but that of the context", () => {
    const nested = { ...run, state: ofRun(350, 37, [...details, { cached_tokens: 30 }]) };
    const { models, ...row } = rowOf(fromOpenAiAgents(nested, context));
    expect(row).toMatchObject({ input_tokens: 105, cache_read_tokens: 240, output_tokens: 37 });
    expect(models).toMatchObject([
      { model: "gpt-5.1", input_tokens: 85, output_tokens: 30 },
      { model: "unknown", input_tokens: 20, cache_read_tokens: 30, output_tokens: 7 },
    ]);
    expect(rowOf(fromOpenAiAgents(nested, { ...context, model: "gpt-5.1" }))).toMatchObject({
      model: "gpt-5.1",
      input_tokens: 105,
    });
  });

  test("a handoff to an agent with another model counts by model", () => {
    const other = response("resp_3", "gpt-5.1-mini", usage(40, 0, 0, 4));
    const handedOff = { ...run, state: ofRun(140, 14, []), rawResponses: [first, other] };
    expect(rowOf(fromOpenAiAgents(handedOff, context)).models).toMatchObject([
      { model: "gpt-5.1", input_tokens: 35 },
      { model: "gpt-5.1-mini", input_tokens: 40 },
    ]);
  });

  test("a run that waits for an approval, and its end, are one execution", () => {
    const waiting = fromOpenAiAgents({ ...run, interruptions: [{ rawItem: MARKER }] }, context);
    expect(rowOf(waiting).conclusion).toBe("interrupted");
    expect(waiting.executionId).toBe(fromOpenAiAgents(run, context).executionId);
  });

  test("an error with a state says what was used until then", () => {
    const state = { ...run.state, _modelResponses: run.rawResponses };
    const error = Object.assign(new Error(MARKER), { name: "MaxTurnsExceededError", state });
    const row = { conclusion: "error", stop_reason: "MaxTurnsExceededError", input_tokens: 85 };
    expect(rowOf(fromOpenAiAgents(error, context))).toMatchObject(row);
    expect(rowOf(fromOpenAiAgents({ ...run, error }, context))).toMatchObject(row);
  });

  test("a stream that was cancelled was aborted; no text of an error gets in by its name", () => {
    expect(fromOpenAiAgents({ ...run, cancelled: true }, context).conclusion).toBe("aborted");
    const named = { name: `an error: ${MARKER}`, state: { _modelResponses: [] } };
    expect(fromOpenAiAgents(named, context)).toMatchObject({ conclusion: "error", stopReason: undefined });
  });

  test("a run's usage that has less than its responses takes nothing from them", () => {
    const odd = { ...run, state: ofRun(400, 3, [{ cached_tokens: 4 }]) };
    expect(rowOf(fromOpenAiAgents(odd, context))).toMatchObject({ input_tokens: 85, output_tokens: 30 });
  });

  test("streamed responses name no model; those without usage, zeros", () => {
    const streamed = { ...run, rawResponses: [response("resp_1", undefined, usage(300, 210, 5, 30))] };
    const named = rowOf(fromOpenAiAgents(streamed, { ...context, model: "gpt-5.1" }));
    expect(named).toMatchObject({ model: "gpt-5.1", input_tokens: 85 });
    expect(named.models).toBeUndefined();
    const zeros = response("resp_1", "gpt-5.1", { inputTokens: 0, outputTokens: 0, inputTokensDetails: [] });
    const silent = { state: ofRun(0, 0, []), rawResponses: [zeros] };
    expect(rowOf(fromOpenAiAgents(silent, context)).usage_source).toBe("unknown");
  });
});

describe("Codex", () => {
  const total = (input: number, read: number, written: number, output: number) => ({
    items: [{ type: "agent_message", text: MARKER }],
    finalResponse: MARKER,
    usage: {
      input_tokens: input,
      cached_input_tokens: read,
      cache_write_input_tokens: written,
      output_tokens: output,
      reasoning_output_tokens: output,
    },
  });
  const inCodex = { ...context, model: "gpt-5.3-codex" };

  test("a turn is what its thread used since the turn before", () => {
    const first = total(1_000, 600, 100, 50);
    const second = { type: "turn.completed", usage: total(3_000, 2_400, 150, 80).usage };
    expect(rowOf(fromCodexTurn(first, inCodex, { threadId: "t-1" }))).toMatchObject({
      session_id: "t-1",
      model: "gpt-5.3-codex",
      provider: "openai",
      conclusion: "success",
      input_tokens: 300,
      cache_read_tokens: 600,
      cache_creation_tokens: 100,
      output_tokens: 50,
    });
    expect(rowOf(fromCodexTurn(second, inCodex, { previous: first }))).toMatchObject({
      session_id: null,
      input_tokens: 150,
      cache_read_tokens: 1_800,
      cache_creation_tokens: 50,
      output_tokens: 30,
    });
  });

  test("turns of any thread add up to its total", () => {
    const tokens = fc.record({
      input: fc.integer({ min: 1, max: 1e6 }),
      read: fc.nat(1e6),
      output: fc.nat(1e6),
    });
    fc.assert(
      fc.property(fc.array(tokens, { minLength: 1, maxLength: 8 }), (turns) => {
        const sums = { input: 0, read: 0, output: 0 };
        let previous: object | undefined;
        const rows = turns.map(({ input, read, output }) => {
          sums.input += input;
          sums.read += read;
          sums.output += output;
          const turn = total(sums.input + sums.read, sums.read, 0, sums.output);
          const row = rowOf(fromCodexTurn(turn, inCodex, { previous }));
          previous = turn;
          return row;
        });
        const sum = (name: "input_tokens" | "cache_read_tokens" | "output_tokens") =>
          rows.reduce((all, row) => all + (row[name] ?? 0), 0);
        expect([sum("input_tokens"), sum("cache_read_tokens"), sum("output_tokens")]).toEqual([
          sums.input,
          sums.read,
          sums.output,
        ]);
      }),
    );
  });

  test("a total that fell began anew: the turn counts as it is", () => {
    const turn = fromCodexTurn(total(100, 50, 0, 9), inCodex, { previous: total(80, 60, 0, 5) });
    expect(rowOf(turn)).toMatchObject({ input_tokens: 50, cache_read_tokens: 50, output_tokens: 9 });
  });

  test.each([
    [{ type: "turn.failed", error: { message: MARKER } }, "error"],
    [{ items: [], finalResponse: "", usage: null }, "success"],
    [total(0, 0, 0, 0), "success"],
  ])("of %j, the usage is unknown", (turn, conclusion) => {
    expect(rowOf(fromCodexTurn(turn, inCodex))).toMatchObject({ conclusion, usage_source: "unknown" });
  });

  test("what the turn before didn't tell is unknown of this one, and no turn before is none", () => {
    const { cache_write_input_tokens: _, ...older } = total(1_000, 600, 100, 50).usage;
    const turn = fromCodexTurn(total(3_000, 2_400, 150, 80), inCodex, {
      previous: { items: [], usage: older },
    });
    expect(turn).toMatchObject({ inputTokens: 200, cacheReadTokens: 1_800, cacheCreationTokens: undefined });
    const first = fromCodexTurn(total(1_000, 600, 100, 50), inCodex, { previous: null });
    expect(first).toMatchObject({ inputTokens: 300, cacheCreationTokens: 100 });
  });

  test("another event, or one as the turn before, is refused", async () => {
    const usage = { input_tokens: 9, output_tokens: 2 };
    for (const other of [
      { type: "item.completed", item: {} },
      { type: "thread.started" },
      { object: "response", usage },
    ]) {
      expect((await thrownBy(() => fromCodexTurn(other, inCodex))).code).toBe("INVALID_RECORD");
      const previous = () => fromCodexTurn(total(1, 0, 0, 1), inCodex, { previous: other });
      expect((await thrownBy(previous)).code).toBe("INVALID_RECORD");
    }
  });
});

describe("Gemini", () => {
  const response = {
    responseId: "g-1",
    modelVersion: "gemini-2.5-pro",
    candidates: [{ finishReason: "STOP", content: { parts: [{ text: MARKER }] } }],
    usageMetadata: {
      promptTokenCount: 1_000,
      cachedContentTokenCount: 600,
      toolUsePromptTokenCount: 20,
      candidatesTokenCount: 50,
      thoughtsTokenCount: 30,
      totalTokenCount: 1_100,
    },
  };

  test("thoughts are beside the candidates, prompts of tools beside the prompt, cached content within it", () => {
    expect(rowOf(fromGeminiResponse(response, context))).toMatchObject({
      execution_id: "g-1",
      model: "gemini-2.5-pro",
      provider: "google",
      conclusion: "success",
      stop_reason: "STOP",
      input_tokens: 420,
      cache_read_tokens: 600,
      output_tokens: 80,
    });
  });

  test.each([
    [{ candidates: [{ finishReason: "MAX_TOKENS" }] }, "success"],
    [{ candidates: [{ finishReason: "SAFETY" }] }, "safety"],
    [{ candidates: [], promptFeedback: { blockReason: "OTHER" } }, "other"],
    [{ candidates: [{}] }, "success"],
  ])("%j ended in %s", (part, conclusion) => {
    expect(rowOf(fromGeminiResponse({ ...response, ...part }, context)).conclusion).toBe(conclusion);
  });
});

describe("LangChain", () => {
  const answer = (id: string, usage: object, metadata: object) => ({
    type: "ai",
    id,
    content: MARKER,
    usage_metadata: usage,
    response_metadata: metadata,
  });
  const usage = {
    input_tokens: 1_000,
    output_tokens: 50,
    total_tokens: 1_050,
    input_token_details: { cache_read: 600, cache_creation: 100 },
  };
  const ofOpenAi = { model_name: "gpt-5.1", model_provider: "openai", finish_reason: "stop" };
  const first = answer("chatcmpl-1", usage, { ...ofOpenAi, finish_reason: "tool_calls" });
  const second = answer("chatcmpl-2", usage, ofOpenAi);
  const [human, tool] = ["human", "tool"].map((type) => ({ type, content: MARKER }));

  test("the answer of a model", () => {
    expect(rowOf(fromLangChain(second, context))).toMatchObject({
      execution_id: "chatcmpl-2",
      model: "gpt-5.1",
      provider: "openai",
      conclusion: "success",
      stop_reason: "stop",
      num_turns: 1,
      input_tokens: 300,
      cache_read_tokens: 600,
      cache_creation_tokens: 100,
      output_tokens: 50,
    });
  });

  test("the state of an agent counts since the last message of a human, by model", () => {
    const other = answer("msg_1", usage, { model: "claude-haiku-4-5", model_provider: "anthropic" });
    const earlier = [human, answer("old", usage, ofOpenAi)];
    const { models, ...row } = rowOf(
      fromLangChain({ messages: [...earlier, human, first, tool, other, tool, second] }, context),
    );
    expect(row).toMatchObject({
      execution_id: "chatcmpl-1",
      stop_reason: "stop",
      num_turns: 3,
      input_tokens: 900,
    });
    expect(models).toMatchObject([
      { model: "gpt-5.1", provider: "openai", input_tokens: 600 },
      { model: "claude-haiku-4-5", provider: "anthropic", input_tokens: 300 },
    ]);
  });

  test("messages of earlier versions say by a method what they are", () => {
    const { type: _, ...bare } = first;
    expect(rowOf(fromLangChain({ ...bare, _getType: () => "ai" }, context)).input_tokens).toBe(300);
  });

  test("Anthropic's own input, as early versions passed it on, has no cached tokens in it", () => {
    const raw = { input_tokens: 1_000, cache_read_input_tokens: 600, cache_creation_input_tokens: 100 };
    const metadata = { model: "claude-haiku-4-5", stop_reason: "end_turn", usage: raw };
    expect(rowOf(fromLangChain(answer("a", usage, metadata), context)).input_tokens).toBe(1_000);
    const now = { ...usage, input_tokens: 1_700, total_tokens: 1_750 };
    const row = rowOf(fromLangChain(answer("b", now, metadata), context));
    expect(row).toMatchObject({ input_tokens: 1_000, cache_read_tokens: 600, output_tokens: 50 });
  });

  test("Gemini's thoughts are in the total alone", () => {
    const metadata = { model_provider: "google-genai", finishReason: "STOP" };
    const thoughtful = answer("g", { ...usage, total_tokens: 1_080 }, metadata);
    expect(rowOf(fromLangChain(thoughtful, { ...context, model: "gemini-2.5-pro" }))).toMatchObject({
      model: "gemini-2.5-pro",
      provider: "google",
      input_tokens: 300,
      output_tokens: 80,
    });
  });

  test.each([
    [answer("a", usage, { finish_reason: "content_filter" }), "content_filter", "reported"],
    [answer("a", usage, { finishReason: "SAFETY" }), "safety", "reported"],
    [answer("a", usage, { stopReason: "guardrail_intervened" }), "guardrail_intervened", "reported"],
    [{ type: "ai", content: MARKER }, "success", "unknown"],
  ])("%j ended in %s, its usage is %s", (message, conclusion, usage_source) => {
    expect(rowOf(fromLangChain(message, context))).toMatchObject({ conclusion, usage_source });
  });

  test("a total of others that has more in it is no output", () => {
    const counts = { input_tokens: 4, output_tokens: 50, total_tokens: 1_854 };
    const row = rowOf(fromLangChain(answer("a", counts, { model_provider: "bedrock-converse" }), context));
    expect(row).toMatchObject({ provider: "aws", input_tokens: 4, output_tokens: 50 });
  });

  test("a state without an answer is refused", async () => {
    const throws = () => {
      throw new Error(MARKER);
    };
    for (const state of [
      { _getType: throws },
      { messages: [] },
      { messages: [first, human] },
      human as object,
    ]) {
      expect((await thrownBy(() => fromLangChain(state, context))).code).toBe("INVALID_RECORD");
    }
  });
});

describe("Vercel AI SDK", () => {
  const detailed = (
    noCacheTokens: number,
    cacheReadTokens: number,
    cacheWriteTokens: number,
    outputTokens: number,
  ) => ({
    inputTokens: noCacheTokens + cacheReadTokens + cacheWriteTokens,
    inputTokenDetails: { noCacheTokens, cacheReadTokens, cacheWriteTokens },
    outputTokens,
    outputTokenDetails: { textTokens: outputTokens, reasoningTokens: 0 },
  });
  const step = (modelId: string, provider: string, usage: object, more: object = {}) => ({
    text: MARKER,
    finishReason: "tool-calls",
    model: { provider, modelId },
    response: { id: `${modelId}-r`, modelId },
    usage,
    ...more,
  });

  test("version 7: usage is of all steps", () => {
    const opus = step("claude-opus-4-5", "anthropic.messages", detailed(100, 500, 40, 10));
    const result = {
      text: MARKER,
      finishReason: "stop",
      response: { id: "last", modelId: "claude-opus-4-5" },
      steps: [opus, opus],
      usage: detailed(200, 1_000, 80, 20),
    };
    expect(rowOf(fromAiSdkResult(result, context))).toMatchObject({
      execution_id: "last",
      model: "claude-opus-4-5",
      provider: "anthropic",
      conclusion: "success",
      stop_reason: "stop",
      num_turns: 2,
      input_tokens: 200,
      cache_read_tokens: 1_000,
      cache_creation_tokens: 80,
      output_tokens: 20,
    });
  });

  test("steps of different models count by model", () => {
    const result = {
      finishReason: "stop",
      response: { id: "last" },
      usage: detailed(130, 0, 0, 13),
      steps: [
        step("gpt-5.1", "openai.responses", detailed(100, 0, 0, 10)),
        step("anthropic.claude-haiku", "amazon-bedrock", detailed(30, 0, 0, 3)),
      ],
    };
    const { models, input_tokens } = rowOf(fromAiSdkResult(result, context));
    expect(input_tokens).toBe(130);
    expect(models).toMatchObject([
      { model: "gpt-5.1", provider: "openai", input_tokens: 100 },
      { model: "anthropic.claude-haiku", provider: "aws", input_tokens: 30 },
    ]);
  });

  test("version 6: usage is of the last step, totalUsage of all", () => {
    const result = {
      finishReason: "length",
      response: { id: "last", modelId: "gpt-5.1" },
      usage: detailed(1, 0, 0, 1),
      totalUsage: detailed(100, 50, 0, 10),
    };
    expect(rowOf(fromAiSdkResult(result, context))).toMatchObject({
      conclusion: "success",
      input_tokens: 100,
      cache_read_tokens: 50,
      output_tokens: 10,
    });
  });

  test("version 5: input includes cached input, but for Anthropic's models", () => {
    const usage = { inputTokens: 1_000, cachedInputTokens: 600, outputTokens: 10 };
    const openai = {
      finishReason: "stop",
      response: { id: "a", modelId: "gpt-5.1" },
      totalUsage: usage,
      usage,
    };
    expect(rowOf(fromAiSdkResult(openai, context))).toMatchObject({
      input_tokens: 400,
      cache_read_tokens: 600,
    });
    const claude = {
      ...openai,
      response: { id: "b", modelId: "claude-opus-4-5" },
      providerMetadata: { anthropic: { cacheCreationInputTokens: 70, usage: { note: MARKER } } },
    };
    expect(rowOf(fromAiSdkResult(claude, context))).toMatchObject({
      input_tokens: 1_000,
      cache_read_tokens: 600,
      cache_creation_tokens: 70,
    });
  });

  test.each(["error", "content-filter"])("a finish for the reason %s is no success", (finishReason) => {
    const result = { finishReason, response: {}, usage: { inputTokens: undefined } };
    expect(rowOf(fromAiSdkResult(result, context))).toMatchObject({
      conclusion: finishReason,
      model: "unknown",
      usage_source: "unknown",
    });
  });

  test("a stream whose usage is still to come is refused, with what to do", async () => {
    const stream = { usage: Promise.resolve({}), totalUsage: Promise.resolve({}) };
    const { code, message } = await thrownBy(() => fromAiSdkResult(stream, context));
    expect(code).toBe("INVALID_RECORD");
    expect(message).toEndWith("Pass what onFinish is given, or await its usage.");
  });
});

test.each([
  [fromOpenAiResponse, "a response of OpenAI's API"],
  [fromLangChain, "an AIMessage of LangChain, or a state with messages"],
  [fromOpenAiAgents, "a result of the OpenAI Agents SDK, or an error of it that has a state"],
  [fromCodexTurn, "a turn of Codex, or its event turn.completed or turn.failed"],
  [fromGeminiResponse, "a response of Gemini's API"],
  [fromAiSdkResult, "a result of the AI SDK"],
])("what is no result is refused: %p", async (from, expected) => {
  for (const value of [{}, [], null, "text", { text: "x" }]) {
    const { code, message } = await thrownBy(() => from(value as object, context));
    expect(code).toBe("INVALID_RECORD");
    expect(message).toContain(`expected ${expected}, received`);
  }
});
