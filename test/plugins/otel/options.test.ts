import { describe, expect, test } from "bun:test";
import { otelPlugin } from "../../../plugins/otel";
import { createApp } from "../../../src";
import { executionCompleted } from "../../../src/testing";
import { namesOf, pageOf } from "../../support/docs";
import { useOtelApps } from "../../support/otel-app";
import { thrownBy } from "../../support/thrown-by";

const { start } = useOtelApps();

describe("an option that is wrong is refused, and nothing is left behind:", () => {
  test.each([
    [
      { signals: ["logs"] },
      'signals.0: expected a list of "spans" and "metrics", received the string "logs"',
    ],
    [{ signals: [] }, 'signals: expected a list of "spans" and "metrics", received an array'],
    [{ conventions: "1.37" }, 'conventions: expected "1.41" or "latest", received the string "1.37"'],
    [{ agentName: "" }, 'agentName: expected a non-empty string, received the string ""'],
    [{ tokenCounters: 1 }, "tokenCounters: expected true or false, received the number 1"],
    [{ attributes: { a: {} } }, "attributes.a: expected a string, a finite number, true or false"],
    [{ attributes: { a: Number.NaN } }, "attributes.a: expected a string, a finite number, true or false"],
    [{ endpoint: "http://…" }, "endpoint: unknown"],
    [5, "expected an object of options, received the number 5"],
  ])("%p", async (options, reason) => {
    const app = createApp();
    expect(await thrownBy(() => app.use(otelPlugin, options as never))).toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(`otel plugin: ${reason}`),
    });
    expect(app.emitter.all.get("execution:completed") ?? []).toEqual([]);
  });
});

test("each signal alone", async () => {
  const spansOnly = start({ signals: ["spans"] });
  await spansOnly.send(executionCompleted());
  expect([spansOnly.receiver.spans.length, spansOnly.receiver.metrics.length]).toEqual([1, 0]);
});

test("metrics alone", async () => {
  const { receiver, send } = start({ signals: ["metrics"] });
  await send(executionCompleted());
  expect(receiver.spans).toEqual([]);
  expect(receiver.metric("runledger.execution.count")?.points).toHaveLength(1);
  const ofTokens = receiver.metrics.filter(({ name }) => name.startsWith("gen_ai.client"));
  expect(ofTokens).toEqual([]);
});

test("what the caller changes later changes nothing", async () => {
  const attributes: Record<string, string> = { tier: "gold" };
  const { receiver, send } = start({ attributes });
  attributes["tier"] = "tin";
  await send(executionCompleted());
  expect(receiver.spans[0]?.attributes["tier"]).toBe("gold");
});

test("close unsubscribes, and calling it twice is harmless", async () => {
  const { app, send, receiver, stats } = start();
  const otel = app.get(otelPlugin);
  otel.close();
  otel.close();
  await send(executionCompleted());
  expect(receiver.spans).toEqual([]);
  expect(stats().received).toBe(0);
});

test("stats() add up", async () => {
  const { send, stats } = start();
  await send(executionCompleted({ executionId: "a" }), executionCompleted({ executionId: "a" }), 5);
  const { received, sent, duplicates, rejected, failed, withoutProvider, withoutSpan } = stats();
  expect({ received, sent, duplicates, rejected, failed, withoutProvider, withoutSpan }).toEqual({
    received: 3,
    sent: 1,
    duplicates: 1,
    rejected: 1,
    failed: 0,
    withoutProvider: 0,
    withoutSpan: 0,
  });
  expect(sent + duplicates + rejected + failed + withoutProvider).toBe(received);
  expect(namesOf(pageOf("docs/opentelemetry.md"), "of `stats()`")).toEqual(Object.keys(stats()));
});
