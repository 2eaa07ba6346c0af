import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { telemetryPlugin } from "runledger";
import { createFakeEmitter, createFakeStore } from "runledger/testing";
import { createReviewBot } from "../../examples/review-bot/app";
import { createStandInExecutor, type Executor } from "../../examples/review-bot/executor";
import { handleMention } from "../../examples/review-bot/mention";
import { handleReview } from "../../examples/review-bot/review";
import { createReceiver } from "../../examples/review-bot/webhook";

const WEBHOOKS = resolve(import.meta.dir, "../../../shared/data/webhooks.jsonl");

const executor = createStandInExecutor(1);

const opened = {
  delivery: "00000000-0000-4000-8000-000000000001",
  event: "pull_request",
  action: "opened",
  repository: { full_name: "lighthouse/beacon" },
  pull_request: { number: 41 },
};

const commented = {
  delivery: "00000000-0000-4000-8000-000000000002",
  event: "issue_comment",
  action: "created",
  repository: { full_name: "lighthouse/beacon" },
  issue: { number: 98 },
  comment: { body: "Is this right, @review-bot?" },
};

describe("handleReview", () => {
  test("runs the executor and emits what came of it", async () => {
    const emitter = createFakeEmitter();
    expect(await handleReview({ emitter, executor }, opened)).toBe(true);
    const [event, ...others] = emitter.emittedOf("execution:completed");
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      deliveryId: opened.delivery,
      repo: "lighthouse/beacon",
      prNumber: 41,
      eventType: "pull_request.opened",
      model: "claude-sonnet-4-5",
    });
    expect(event?.costUsd).toBeGreaterThan(0);
  });

  test("ignores a delivery without a pull request", async () => {
    const emitter = createFakeEmitter();
    expect(await handleReview({ emitter, executor }, { ...opened, pull_request: null })).toBe(false);
    expect(emitter.emitted).toEqual([]);
  });
});

describe("handleMention", () => {
  test("answers on an issue", async () => {
    const emitter = createFakeEmitter();
    expect(await handleMention({ emitter, executor }, commented)).toBe(true);
    expect(emitter.emittedOf("execution:completed")).toMatchObject([
      { prNumber: 98, eventType: "issue_comment.created", model: "claude-haiku-4-5" },
    ]);
  });

  test.each(["", "Thanks!", "@review-bots", "@review-bot-2", "me@review-bot", null])(
    "ignores a comment that does not mention it: %p",
    async (body) => {
      const emitter = createFakeEmitter();
      expect(await handleMention({ emitter, executor }, { ...commented, comment: { body } })).toBe(false);
      expect(emitter.emitted).toEqual([]);
    },
  );
});

describe("receive", () => {
  const { event: _, ...withoutEvent } = opened;
  test.each([
    ["an unknown event", { ...opened, event: "star" }],
    ["an action that asks for nothing", { ...opened, action: "closed" }],
    ["no event", withoutEvent],
    ["a null event", { ...opened, event: null }],
    ["a null action", { ...opened, action: null }],
    ["a null repository", { ...opened, repository: null }],
    ["a repository without a name", { ...opened, repository: {} }],
    ["a pull request without a number", { ...opened, pull_request: {} }],
    ["nothing", undefined],
    ["null", null],
    ["text", "opened"],
    ["an array", [opened]],
  ])("ignores %s", async (_, delivery) => {
    const emitter = createFakeEmitter();
    expect(await createReceiver({ emitter, executor })(delivery)).toBe(false);
    expect(emitter.emitted).toEqual([]);
  });

  test("reaches the store through the bus", async () => {
    const store = createFakeStore();
    const { app, receive } = createReviewBot({ telemetry: { store } });
    await receive(opened);
    await receive(commented);
    await app.close();
    expect(app.get(telemetryPlugin).stats()).toMatchObject({ received: 2, written: 2 });
    expect(store.records.map(({ prNumber }) => prNumber)).toEqual([41, 98]);
  });

  test("does not notice a store that fails", async () => {
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const store = createFakeStore({ mode: "throw" });
    const { app, receive } = createReviewBot({ telemetry: { store, logger } });
    expect(await receive(opened)).toBe(true);
    await app.close();
  });

  test.skipIf(!existsSync(WEBHOOKS))(
    "takes 501 real webhooks without an exception (skipped where ../shared/data is absent)",
    async () => {
      const emitter = createFakeEmitter();
      const receive = createReceiver({ emitter, executor });
      const deliveries = Bun.JSONL.parse(await Bun.file(WEBHOOKS).text());
      expect(deliveries).toHaveLength(501);
      let handled = 0;
      for (const delivery of deliveries) if (await receive(delivery)) handled += 1;
      // Opened 6, ready_for_review 3, reopened 2, synchronize 1; the comments came without their texts.
      expect(handled).toBe(12);
      expect(emitter.emitted).toHaveLength(12);
    },
  );
});

describe("the stand-in executor", () => {
  const task = { model: "claude-sonnet-4-5", prompt: "Review this." };
  const run = (stand: Executor, prompt = task.prompt) => stand.run({ ...task, prompt });

  test("gives the same for the same seed and task, in whatever order", async () => {
    const stand = createStandInExecutor(7);
    const before = await run(stand);
    await run(stand, "Something else.");
    expect(await run(stand)).toEqual(before);
    expect(await run(createStandInExecutor(7))).toEqual(before);
    expect(await run(createStandInExecutor(8))).not.toEqual(before);
  });

  test("succeeds more often than not, and fails sometimes", async () => {
    const runs = await Promise.all(
      Array.from({ length: 600 }, (_, seed) => run(createStandInExecutor(seed))),
    );
    const failures = runs.filter(({ conclusion }) => conclusion === "failure").length;
    expect(failures).toBeGreaterThan(50);
    expect(failures).toBeLessThan(150);
  });
});
