import { expect, test } from "bun:test";
import { executionCompleted } from "../../../src/testing";
import { useOtelApps } from "../../support/otel-app";

const { start } = useOtelApps();

test("10,000 repositories, sessions, deliveries and pull requests make no series of their own", async () => {
  const { receiver, send, emit } = start({ signals: ["metrics"], tokenCounters: true });
  const models = ["claude-sonnet-4-5", "gpt-5", "gemini-3-pro"];
  const conclusions = ["success", "failure"];
  for (let run = 0; run < 10_000; run += 1) {
    emit(
      executionCompleted({
        executionId: `run-${run}`,
        repo: `o/r-${run}`,
        sessionId: `session-${run}`,
        deliveryId: `delivery-${run}`,
        eventType: `event-${run}`,
        stopReason: `stop-${run}`,
        prNumber: run,
        provider: null,
        model: models[run % 3] ?? "",
        conclusion: conclusions[run % 2] ?? "",
      }),
    );
  }
  await send();
  const series = Object.fromEntries(receiver.metrics.map(({ name, points }) => [name, points.length]));
  const runs = models.length * conclusions.length;
  expect(series).toEqual({
    "gen_ai.invoke_agent.duration": runs,
    "gen_ai.invoke_agent.inference_calls": runs,
    "runledger.execution.count": runs,
    "runledger.execution.cost": runs,
    "runledger.execution.tokens": 4 * runs,
    "gen_ai.client.inference.usage.input_tokens": models.length,
    "gen_ai.client.inference.usage.output_tokens": models.length,
    "gen_ai.client.inference.usage.cache_read.input_tokens": models.length,
    "gen_ai.client.inference.usage.cache_write.input_tokens": models.length,
    "runledger.spans.omitted": 1,
  });
});

test("models past the 100th are _other, providers and conclusions past the 20th too; nothing is lost", async () => {
  const { receiver, send, emit } = start({ signals: ["metrics"] });
  for (let run = 0; run < 300; run += 1) {
    emit(
      executionCompleted({ model: `model-${run}`, provider: `provider-${run}`, conclusion: `error-${run}` }),
    );
  }
  emit(executionCompleted({ model: "model-7", provider: "provider-7", conclusion: "error-7" }));
  await send();
  const points = receiver.metric("runledger.execution.count")?.points ?? [];
  const names = (attribute: string) => new Set(points.map(({ attributes }) => attributes[attribute]));
  expect(names("gen_ai.request.model").size).toBe(101);
  expect(names("gen_ai.provider.name").size).toBe(21);
  expect(names("runledger.execution.conclusion").size).toBe(21);
  const last = points.find(({ attributes }) => attributes["gen_ai.request.model"] === "_other");
  expect(last).toMatchObject({
    value: 200,
    attributes: { "gen_ai.provider.name": "_other", "runledger.execution.conclusion": "_OTHER" },
  });
  expect(points.find(({ attributes }) => attributes["gen_ai.request.model"] === "model-7")?.value).toBe(2);
  expect(points.reduce((sum, { value }) => sum + value, 0)).toBe(301);
});
