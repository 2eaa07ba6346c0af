import { describe, expect, test } from "bun:test";
import { context, trace } from "@opentelemetry/api";
import type { TelemetryRecord } from "../../../src/record/types";
import { executionCompleted } from "../../../src/testing";
import { useOtelApps } from "../../support/otel-app";

const { start } = useOtelApps();

const OK = 0;
const ERROR = 2;
const INTERNAL = 1; // As OTLP counts: https://github.com/open-telemetry/opentelemetry-proto

/** The attributes of spans that are not of every span. */
function known(attributes: object = {}) {
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => /usage|cost|turns|finish|error/.test(name)),
  );
}

describe("one span per execution", () => {
  test("ends when it completed, begins its duration before, and is internal", async () => {
    const { receiver, send } = start({ agentName: "reviewer" });
    // Before this process started: such numbers some SDKs would take for something else.
    await send(executionCompleted({ completedAt: 1_000_000_000_000, durationMs: 8_450.4 }));
    expect(receiver.spans).toMatchObject([
      {
        name: "invoke_agent reviewer",
        kind: INTERNAL,
        startMs: 999_999_991_550,
        endMs: 1_000_000_000_000,
        status: { code: OK },
        parentSpanId: undefined,
      },
    ]);
  });

  test("without an agent's name is named after the operation alone", async () => {
    const { receiver, send } = start();
    await send(executionCompleted());
    expect(receiver.spans.map(({ name, attributes }) => [name, attributes["gen_ai.agent.name"]])).toEqual([
      ["invoke_agent", undefined],
    ]);
  });

  test("is a child of the span that is active when the event is emitted", async () => {
    const { receiver, send, emit } = start();
    const parent = trace.getTracer("host").startSpan("webhook");
    await context.with(trace.setSpan(context.active(), parent), async () => {
      await Promise.resolve();
      emit(executionCompleted());
    });
    parent.end();
    await send(executionCompleted());
    const [child, root] = receiver.spans.filter(({ name }) => name === "invoke_agent");
    const { traceId, spanId } = parent.spanContext();
    expect(child).toMatchObject({ traceId, parentSpanId: spanId });
    expect(root?.parentSpanId).toBeUndefined();
    expect(root?.traceId).not.toBe(traceId);
  });

  test.each([
    ["success", OK, undefined, "success"],
    ["neutral", OK, undefined, "neutral"],
    ["skipped", OK, undefined, "skipped"],
    ["failure", ERROR, "failure", "failure"],
    ["error_max_turns", ERROR, "error_max_turns", "error_max_turns"],
    ["it said: my secret", ERROR, "_OTHER", "_OTHER"],
    ["x".repeat(65), ERROR, "_OTHER", "_OTHER"],
  ])("%s has the status %d and the error.type %p", async (conclusion, code, errorType, word) => {
    const { receiver, send } = start();
    await send(executionCompleted({ conclusion }));
    const [span] = receiver.spans;
    expect(span?.status).toEqual({ code });
    expect(span?.attributes["error.type"]).toBe(errorType);
    expect(span?.attributes["runledger.execution.conclusion"]).toBe(word);
    const [point] = receiver.metric("gen_ai.invoke_agent.duration")?.points ?? [];
    expect(point?.attributes["error.type"]).toBe(errorType);
    expect(JSON.stringify([receiver.spans, receiver.metrics])).not.toContain("secret");
  });

  test("gets the attributes of the options, which hide none of its own", async () => {
    const attributes = { "deployment.environment.name": "staging", "gen_ai.operation.name": "chat" };
    const { receiver, send } = start({ attributes });
    await send(executionCompleted());
    expect(receiver.spans[0]?.attributes).toMatchObject({
      "deployment.environment.name": "staging",
      "gen_ai.operation.name": "invoke_agent",
    });
    expect(JSON.stringify(receiver.metrics)).not.toContain("staging");
  });

  test("has no text of an event but the fields of the record", async () => {
    const { receiver, send } = start();
    const prompt = "do not tell";
    const event = {
      ...executionCompleted({ labels: { team: prompt } }),
      prompt,
      messages: [{ content: prompt }],
    };
    await send(event, {
      ...event,
      completedAt: "2026-11-27T12:00:00+01:00",
      models: [{ model: "m", prompt }],
    });
    expect(receiver.spans).toHaveLength(2);
    expect(JSON.stringify([receiver.spans, receiver.metrics])).not.toContain(prompt);
  });
});

describe("what is unknown", () => {
  const bare: TelemetryRecord = { repo: "o/r", eventType: "push", model: "m", conclusion: "success" };

  test("leaves no point, no attribute and no span", async () => {
    const { receiver, send, stats } = start({ tokenCounters: true });
    await send(bare);
    expect(receiver.spans).toEqual([]);
    expect(stats()).toMatchObject({ sent: 1, withoutSpan: 1 });
    expect(receiver.metric("runledger.spans.omitted")?.points).toMatchObject([{ value: 1 }]);
    expect(
      receiver.metrics.map(({ name }) => name).filter((name) => !/^runledger\.spans/.test(name)),
    ).toEqual(["runledger.execution.count"]);
  });

  test("but for the duration leaves a span of the rest", async () => {
    const { receiver, send } = start({ tokenCounters: true });
    await send({ ...bare, durationMs: 5, inputTokens: null, costUsd: undefined });
    expect(receiver.spans.map(({ attributes }) => known(attributes))).toEqual([{}]);
  });

  test("is not what is zero", async () => {
    const { receiver, send } = start();
    const zero = { durationMs: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, numTurns: 0 };
    await send({ ...bare, ...zero });
    expect(receiver.spans.map(({ attributes }) => known(attributes))).toEqual([
      {
        "gen_ai.usage.input_tokens": 0,
        "gen_ai.usage.output_tokens": 0,
        "runledger.cost.amount": 0,
        "runledger.cost.currency": "USD",
        "runledger.cost.source": "reported",
        "runledger.execution.turns": 0,
      },
    ]);
    // A duration that is given is at least a millisecond, as in the ledger.
    expect(receiver.metric("gen_ai.invoke_agent.duration")?.points).toMatchObject([{ count: 1, sum: 0.001 }]);
    expect(receiver.metric("runledger.execution.cost")?.points).toMatchObject([{ value: 0 }]);
  });

  test("of the input makes the whole input unknown; of the cache it does not", async () => {
    const { receiver, send } = start();
    await send(
      { ...bare, durationMs: 5, cacheReadTokens: 7 },
      { ...bare, durationMs: 5, inputTokens: 3, cacheReadTokens: 7 },
    );
    expect(receiver.spans.map(({ attributes }) => attributes["gen_ai.usage.input_tokens"])).toEqual([
      undefined,
      10,
    ]);
  });

  test("of one of several models leaves the run's sum out, and counts what is known", async () => {
    const { receiver, send } = start();
    const models = [
      { model: "claude-opus-4-1", inputTokens: 5, outputTokens: 6, costUsd: 0.5 },
      { model: "gpt-5", provider: "azure" },
    ];
    await send({ ...bare, model: null, durationMs: 5, models });
    expect(receiver.spans.map(({ attributes }) => known(attributes))).toEqual([{}]);
    expect(receiver.metric("runledger.execution.cost")?.points).toMatchObject([
      { value: 0.5, attributes: { "gen_ai.request.model": "claude-opus-4-1" } },
    ]);
  });

  test.each([
    ["began before 1970", { completedAt: 5, durationMs: 6 }],
    ["ended after 2262", { completedAt: "2300-01-01T00:00:00Z", durationMs: 6 }],
  ])("a run that %s has no span, as OTLP has no number for it", async (_, times) => {
    const { receiver, send, stats } = start();
    await send({ ...bare, ...times }, executionCompleted());
    expect(receiver.spans).toHaveLength(1);
    expect(stats()).toMatchObject({ sent: 2, withoutSpan: 1 });
  });
});

test("each model's tokens and cost count under it, its provider by the well-known name", async () => {
  const { receiver, send } = start();
  await send(
    executionCompleted({
      models: [
        { model: "claude-opus-4-1", inputTokens: 5, cacheReadTokens: 50, costUsd: 0.5 },
        { model: "gpt-5", provider: "azure", inputTokens: 7, costUsd: 0.25, costSource: "estimated" },
      ],
    }),
  );
  const points = (name: string) =>
    receiver
      .metric(name)
      ?.points.map(({ value, attributes }) => [
        attributes["gen_ai.provider.name"],
        attributes["gen_ai.request.model"],
        attributes["runledger.token.class"] ?? attributes["runledger.cost.source"],
        value,
      ]);
  expect(points("runledger.execution.tokens")).toEqual([
    ["anthropic", "claude-opus-4-1", "input", 5],
    ["anthropic", "claude-opus-4-1", "cache_read", 50],
    ["azure.ai.openai", "gpt-5", "input", 7],
  ]);
  expect(points("runledger.execution.cost")).toEqual([
    ["anthropic", "claude-opus-4-1", "reported", 0.5],
    ["azure.ai.openai", "gpt-5", "estimated", 0.25],
  ]);
  expect(receiver.metric("runledger.execution.count")?.points).toMatchObject([{ value: 1 }]);
});

describe("what is sent once or not at all", () => {
  const throwing = Object.defineProperty(executionCompleted(), "repo", {
    enumerable: true,
    get: () => {
      throw new Error("a getter");
    },
  });

  test.each([
    ["a number", 5],
    ["null", null],
    ["an array", []],
    ["no repo", executionCompleted({ repo: "" })],
    ["a negative cost", executionCompleted({ costUsd: -1 })],
    ["tokens that are not whole", executionCompleted({ inputTokens: 0.5 })],
    ["a time in seconds", executionCompleted({ completedAt: 1_700_000_000 })],
    ["a sum that contradicts its models", { ...executionCompleted(), models: [{ model: "m", costUsd: 9 }] }],
    ["a getter that throws", throwing],
  ])("invalid: %s", async (_, event) => {
    const { receiver, send, stats } = start();
    await send(event);
    expect(stats()).toMatchObject({ received: 1, rejected: 1, sent: 0 });
    expect(receiver.spans).toEqual([]);
    expect(receiver.metric("runledger.execution.count")).toBeUndefined();
  });

  test("an executionId that was seen among the last 10,000", async () => {
    const { receiver, send, emit, stats } = start({ signals: ["metrics"] });
    const event = (id: number | undefined) =>
      executionCompleted(id === undefined ? {} : { executionId: `run-${id}` });
    for (let id = 0; id < 10_000; id += 1) emit(event(id));
    await send(event(0), event(9_999));
    expect(stats()).toMatchObject({ sent: 10_000, duplicates: 2 });
    // The oldest is forgotten with the next; an event without an id is one of its own.
    await send(event(10_000), event(0), event(undefined), event(undefined));
    expect(stats()).toMatchObject({ sent: 10_004, duplicates: 2 });
    expect(receiver.metric("runledger.execution.count")?.points).toMatchObject([{ value: 10_004 }]);
  });
});
