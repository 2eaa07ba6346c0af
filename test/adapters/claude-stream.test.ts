import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ClaudeResult, recordClaude } from "../../src/adapters";
import { toExecutionRow } from "../../src/ledger/row";
import { createFakeEmitter } from "../../src/testing";
import { tries } from "../support/effort";

const context = { repo: "o/r", eventType: "push" };

async function* streamOf(messages: readonly unknown[], error?: Error): AsyncGenerator<unknown> {
  yield* messages;
  if (error !== undefined) throw error;
}

/** What was emitted for the streams of some queries, and what came through. */
async function recorded(
  streams: readonly { messages: readonly unknown[]; error?: Error; previous?: ClaudeResult }[],
) {
  const emitter = createFakeEmitter();
  const passed: unknown[] = [];
  for (const { messages, error, previous } of streams) {
    try {
      const stream = recordClaude(streamOf(messages, error), { emitter }, context, { previous });
      for await (const message of stream) passed.push(message);
    } catch (thrown) {
      expect(thrown).toBe(error as never);
    }
  }
  return { passed, records: emitter.emittedOf("execution:completed") };
}

let sessions = 0;
const newSession = () => {
  sessions += 1;
  return `session-${sessions}`;
};
const init = (session_id: string, claude_code_version = "2.1.332") => ({
  type: "system",
  subtype: "init",
  session_id,
  claude_code_version,
});
const result = (session_id: string, costUSD: number, more: object = {}) => ({
  type: "result",
  subtype: "success",
  is_error: false,
  session_id,
  uuid: crypto.randomUUID(),
  modelUsage: {
    opus: {
      inputTokens: 1,
      outputTokens: costUSD * 64,
      cacheReadInputTokens: 0,
      cacheCreationInputTokens: 0,
      costUSD,
    },
  },
  ...more,
});
const assistant = (id: string, output_tokens: number, model = "opus") => ({
  type: "assistant",
  message: { id, model, content: "do not tell", usage: { input_tokens: 5, output_tokens } },
});
const costsOf = (records: readonly unknown[]) =>
  records.map((record) => toExecutionRow(record as never).cost_usd);

test("every message is passed on as it is, and each result is one record", async () => {
  const id = newSession();
  const messages = [init(id), assistant("m1", 4), result(id, 0.5), assistant("m2", 4), result(id, 0.75)];
  const { passed, records } = await recorded([{ messages }]);
  expect(passed).toEqual(messages);
  for (const [index, message] of passed.entries()) expect(message).toBe(messages[index]);
  expect(costsOf(records)).toEqual([0.5, 0.25]);
  expect(records).toMatchObject([{ sessionId: id, conclusion: "success" }, { sessionId: id }]);
});

test("a resumed session begins with its earlier total since 2.1.277, and with nothing before", async () => {
  const [older, newer] = [newSession(), newSession()];
  const { records } = await recorded([
    { messages: [init(older, "2.1.276"), result(older, 0.5)] },
    { messages: [init(older, "2.1.276"), result(older, 0.75)] },
    { messages: [init(newer, "2.1.277"), result(newer, 0.5)] },
    { messages: [init(newer, "2.1.277"), result(newer, 0.75)] },
  ]);
  expect(costsOf(records)).toEqual([0.5, 0.75, 0.5, 0.25]);
});

test("a fork, or a session of another process, begins with the result that is given", async () => {
  const [session, fork] = [newSession(), newSession()];
  const last = result(session, 0.5);
  const { records } = await recorded([{ messages: [init(fork), result(fork, 0.625)], previous: last }]);
  expect(costsOf(records)).toEqual([0.125]);
});

test("a query whose session has no name of its own has one running total; results alone have none", async () => {
  const [first, second] = [result("default", 0.5), result("default", 0.75)];
  expect(costsOf((await recorded([{ messages: [init("default"), first, second] }])).records)).toEqual([
    0.5, 0.25,
  ]);
  const { records } = await recorded([{ messages: [first, second] }]);
  expect(costsOf(records)).toEqual([0.5, 0.75]);
  expect(records[0]?.sessionId).toBeUndefined();
});

test("a session that was cleared begins with nothing", async () => {
  const [before, after] = [newSession(), newSession()];
  const messages = [init(before), result(before, 0.5), init(after), result(after, 0.75)];
  expect(costsOf((await recorded([{ messages }])).records)).toEqual([0.5, 0.75]);
});

test("the zeros of a crash are unknown, and the total before it still counts", async () => {
  const id = newSession();
  const crash = result(id, 0, { subtype: "error_during_execution", is_error: true, modelUsage: {} });
  const { records } = await recorded([{ messages: [init(id), result(id, 0.5), crash] }]);
  expect(records.map((record) => toExecutionRow(record).cost_source)).toEqual(["reported", "unknown"]);
  expect(records[1]?.conclusion).toBe("error_during_execution");
});

test.each([
  ["ends", undefined],
  ["throws", new Error("cut")],
])("a stream that %s without a result is an error, with the tokens of its messages", async (_, error) => {
  const id = newSession();
  const messages = [
    init(id),
    assistant("m1", 4),
    assistant("m1", 9),
    assistant("m1", 9),
    assistant("m2", 3, "haiku"),
    { type: "assistant", message: { id: "m3", model: "<synthetic>", usage: { output_tokens: 99 } } },
  ];
  const { records } = await recorded([error === undefined ? { messages } : { messages, error }]);
  expect(records).toHaveLength(1);
  expect(JSON.stringify(records)).not.toContain("do not tell");
  expect(records[0]).toMatchObject({ conclusion: "error", sessionId: id });
  const row = toExecutionRow(records[0] as never);
  expect(row).toMatchObject({ input_tokens: 10, output_tokens: 12, cost_source: "unknown" });
  expect(row.models).toHaveLength(2);
});

test("a stream that is left early is recorded too; one that never began is not", async () => {
  const emitter = createFakeEmitter();
  for await (const _ of recordClaude(
    streamOf([init(newSession()), assistant("m1", 1)]),
    { emitter },
    context,
  ))
    break;
  for await (const _ of recordClaude(streamOf([]), { emitter }, context));
  expect(emitter.emittedOf("execution:completed")).toMatchObject([{ conclusion: "error" }]);
});

const query = fc.record({
  /** What each result used, in parts of a dollar that add up exactly. */
  used: fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 5 }),
  isResumed: fc.boolean(),
  isOld: fc.boolean(),
  clearedBefore: fc.option(fc.nat(4), { nil: undefined }),
});

test("of any queries, resumed or not, cleared or not, the records add up to what was used", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(query, { minLength: 1, maxLength: 6 }), async (queries) => {
      let session = newSession();
      let total = 0;
      const streams = queries.map(({ used, isResumed, isOld, clearedBefore }) => {
        if (!isResumed) session = newSession();
        if (!isResumed || isOld) total = 0;
        const version = isOld ? "2.1.100" : "2.1.300";
        const messages: unknown[] = [init(session, version)];
        for (const [index, parts] of used.entries()) {
          if (index === clearedBefore) {
            session = newSession();
            total = 0;
            messages.push(init(session, version));
          }
          total += parts / 64;
          messages.push(result(session, total));
        }
        return { messages };
      });
      const { records } = await recorded(streams);
      const expected = queries.flatMap(({ used }) => used.map((parts) => parts / 64));
      expect(costsOf(records)).toEqual(expected);
    }),
    { numRuns: tries(100, 2_000) },
  );
});
