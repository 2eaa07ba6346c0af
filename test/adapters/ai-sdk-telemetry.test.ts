import { beforeEach, expect, test } from "bun:test";
import { generateText, registerTelemetry, stepCountIs, streamText, tool } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";
import { z } from "zod";
import { aiSdkTelemetry } from "../../src/adapters";
import { toExecutionRow } from "../../src/ledger/row";
import type { TelemetryRecord } from "../../src/record/types";
import { createFakeEmitter } from "../../src/testing";

// The AI SDK itself, with its own test models: nothing goes over a network.

const MARKER = "do not tell";
let records: TelemetryRecord[] = [];
const emitter = createFakeEmitter();
emitter.on("execution:completed", (event) => records.push(event));
// It is for the whole process.
registerTelemetry(aiSdkTelemetry({ emitter }, { repo: "o/r", eventType: "chat" }));
beforeEach(() => {
  records = [];
});

const usage = {
  inputTokens: { total: 100, noCache: 60, cacheRead: 30, cacheWrite: 10 },
  outputTokens: { total: 7, text: 5, reasoning: 2 },
};
const text = { type: "text", text: MARKER } as const;
const stop = { unified: "stop", raw: "end_turn" } as const;
const call = { type: "tool-call", toolCallId: "1", toolName: "look", input: "{}" } as const;

/** A model that answers so, one answer after the other. */
function modelOf(provider: string, modelId: string, ...contents: readonly object[]): MockLanguageModelV4 {
  let turn = -1;
  return new MockLanguageModelV4({
    provider,
    modelId,
    doGenerate: async () => {
      turn += 1;
      const finishReason = contents[turn] === call ? { unified: "tool-calls", raw: "tool_use" } : stop;
      return { content: [contents[turn]], finishReason, usage, warnings: [] } as never;
    },
  });
}

function streamingModel(chunkDelayInMs: number): MockLanguageModelV4 {
  const chunks = [
    { type: "stream-start", warnings: [] },
    { type: "text-start", id: "1" },
    { type: "text-delta", id: "1", delta: MARKER },
    { type: "text-delta", id: "1", delta: MARKER },
    { type: "text-end", id: "1" },
    { type: "finish", finishReason: stop, usage },
  ];
  return new MockLanguageModelV4({
    provider: "anthropic.messages",
    modelId: "claude-stream",
    doStream: async () => ({ stream: simulateReadableStream({ chunkDelayInMs, chunks }) }) as never,
  });
}

const look = (execute: () => Promise<string>) => ({ look: tool({ inputSchema: z.object({}), execute }) });

function onlyRow() {
  expect(records).toHaveLength(1);
  expect(JSON.stringify(records)).not.toContain(MARKER);
  return toExecutionRow(records[0] as TelemetryRecord);
}

test("one step", async () => {
  await generateText({ model: modelOf("anthropic.messages", "claude-opus-4-5", text), prompt: MARKER });
  expect(onlyRow()).toMatchObject({
    repo: "o/r",
    event_type: "chat",
    provider: "anthropic",
    model: "claude-opus-4-5",
    conclusion: "success",
    stop_reason: "stop",
    num_turns: 1,
    input_tokens: 60,
    cache_read_tokens: 30,
    cache_creation_tokens: 10,
    output_tokens: 7,
    cost_source: "unknown",
  });
  expect(records[0]?.durationMs).toBeGreaterThan(0);
  expect(records[0]?.executionId).toStartWith("call-");
});

test("steps with tools are one run, and a call within a tool is a run of its own", async () => {
  const inner = () =>
    generateText({ model: modelOf("openai.responses", "gpt-5.1", text), prompt: MARKER }).then(() => MARKER);
  await generateText({
    model: modelOf("anthropic.messages", "claude-opus-4-5", call, text),
    prompt: MARKER,
    tools: look(inner),
    stopWhen: stepCountIs(3),
  });
  expect(JSON.stringify(records)).not.toContain(MARKER);
  expect(records.map((record) => toExecutionRow(record))).toMatchObject([
    { model: "gpt-5.1", provider: "openai", num_turns: 1, input_tokens: 60 },
    { model: "claude-opus-4-5", num_turns: 2, input_tokens: 120, cache_read_tokens: 60, output_tokens: 14 },
  ]);
});

test("a stream", async () => {
  const stream = streamText({ model: streamingModel(0), prompt: MARKER });
  await stream.consumeStream();
  expect(onlyRow()).toMatchObject({ model: "claude-stream", conclusion: "success", output_tokens: 7 });
});

test("a stream that is aborted", async () => {
  const controller = new AbortController();
  const stream = streamText({ model: streamingModel(20), prompt: MARKER, abortSignal: controller.signal });
  for await (const _ of stream.textStream) controller.abort();
  while (records.length === 0) await Bun.sleep(5);
  expect(onlyRow()).toMatchObject({
    model: "claude-stream",
    provider: "anthropic",
    conclusion: "aborted",
    usage_source: "unknown",
  });
});

test("a failure, with what the steps before it used", async () => {
  const model = modelOf("anthropic.messages", "claude-opus-4-5", call);
  const failing = generateText({
    model,
    prompt: MARKER,
    maxRetries: 0,
    tools: look(async () => {
      model.doGenerate = async () => {
        throw new Error(MARKER);
      };
      return MARKER;
    }),
    stopWhen: stepCountIs(3),
  });
  await expect(failing).rejects.toThrow(MARKER);
  expect(onlyRow()).toMatchObject({ conclusion: "error", num_turns: 1, input_tokens: 60, output_tokens: 7 });
});

test("the context of a call goes before that of the application, where it is let through", async () => {
  await generateText({
    model: modelOf("anthropic.messages", "claude-opus-4-5", text),
    prompt: MARKER,
    runtimeContext: { repo: "a/b", eventType: "mention", prNumber: 7, secret: MARKER },
    telemetry: { includeRuntimeContext: { repo: true, eventType: true, prNumber: true } },
  });
  expect(onlyRow()).toMatchObject({ repo: "a/b", event_type: "mention", pr_number: 7 });
});

test("the labels of a call are added to those of the application; what are no labels is left out", () => {
  const labels = { team: "web", user: "nobody" };
  const telemetry = aiSdkTelemetry({ emitter }, { repo: "o/r", eventType: "chat", labels });
  for (const [index, own] of [{ user: "ada" }, "ada", { user: 7 }, undefined].entries()) {
    const call = { callId: `${index}`, operationId: "ai.generateText" };
    telemetry.onStart({ ...call, runtimeContext: { labels: own } });
    telemetry.onEnd({ ...call, usage: {} });
  }
  expect(records.map((record) => record.labels)).toEqual([
    { team: "web", user: "ada" },
    labels,
    labels,
    labels,
  ]);
});

test("what never began, or is no run, is none", () => {
  const telemetry = aiSdkTelemetry({ emitter }, { repo: "o/r", eventType: "chat" });
  telemetry.onEnd({ callId: "unknown", usage: {} });
  telemetry.onStart({ callId: "e", operationId: "ai.embed" });
  telemetry.onEnd({ callId: "e", usage: { tokens: 3 } });
  telemetry.onStart(null);
  telemetry.onStepEnd(null);
  telemetry.onError(new Error("x"));
  expect(records).toEqual([]);
});
