import { describe, expect, test } from "bun:test";
import { ClaudeCodeReader } from "../../src/transcripts/claude-code";
import { at, MARKER, marked, recordsIn } from "./rows";

const PATH = "/projects/-work-repo/s1.jsonl";
const AGENT = "/projects/-work-repo/s1/subagents/agent-a1.jsonl";

let count = 0;
const id = (kind: string) => {
  count += 1;
  return `${kind}${count}`;
};

const row = (minutes: number, fields: object) => ({
  uuid: id("u"),
  parentUuid: null,
  sessionId: "s1",
  isSidechain: false,
  timestamp: at(minutes),
  cwd: "/home/ann/repo",
  gitBranch: "main",
  ...fields,
});

const user = (minutes: number, content: unknown, fields: object = {}) =>
  row(minutes, { type: "user", message: { role: "user", content }, ...fields });

const answer = (minutes: number, output: number, message: object = {}, fields: object = {}) =>
  row(minutes, {
    type: "assistant",
    requestId: id("req"),
    ...fields,
    message: {
      id: id("msg"),
      model: "claude-opus-4-6",
      content: [{ type: "text", text: MARKER }],
      usage: {
        input_tokens: 3,
        output_tokens: output,
        cache_read_input_tokens: 20,
        cache_creation_input_tokens: 5,
      },
      ...message,
    },
  });

const read = (...rows: readonly object[]) => recordsIn(new ClaudeCodeReader(), { path: PATH, rows });

test("a turn is a prompt, and all until the next", () => {
  const first = user(0, MARKER, { uuid: "p1" });
  const records = read(
    first,
    answer(1, 10),
    user(2, [{ type: "tool_result", content: MARKER }]),
    answer(3, 20),
    user(5, [{ type: "text", text: MARKER }, { type: "image" }], { uuid: "p2" }),
    answer(6, 40),
  );
  expect(records).toMatchObject([
    {
      executionId: "claude-code/p1",
      sessionId: "s1",
      model: "claude-opus-4-6",
      inputTokens: 6,
      outputTokens: 30,
      cacheReadTokens: 40,
      cacheCreationTokens: 10,
      numTurns: 2,
      durationMs: 180_000,
      completedAt: Date.parse(at(3)),
      conclusion: "success",
    },
    { executionId: "claude-code/p2", outputTokens: 40, numTurns: 1 },
  ]);
  expect(JSON.stringify(records)).not.toContain(MARKER);
});

test.each([
  ["what Claude Code puts in", "x", { isMeta: true }],
  ["a summary of what was compacted", "x", { isCompactSummary: true }],
  ["the output of a local command", "<local-command-stdout>x</local-command-stdout>", {}],
  ["the output of a shell command", "<bash-stdout>x</bash-stdout>", {}],
  ["the end of a task in the background", "<task-notification>x</task-notification>", {}],
])("%s begins no turn", (_, content, fields) => {
  expect(read(user(0, "a"), answer(1, 1), user(2, content, fields), answer(3, 2))).toMatchObject([
    { numTurns: 2, outputTokens: 3 },
  ]);
});

describe("a message counts once:", () => {
  const message = { id: "m" };
  const fields = { requestId: "r" };
  const withOutput = (output: number) => ({ ...message, usage: { input_tokens: 3, output_tokens: output } });

  test("the fullest of the rows that it has while it streams", () => {
    expect(
      read(
        user(0, "a"),
        answer(1, 0, withOutput(1), fields),
        answer(1, 0, withOutput(427), fields),
        answer(2, 0, withOutput(427), fields),
      ),
    ).toMatchObject([{ numTurns: 1, inputTokens: 3, outputTokens: 427 }]);
  });

  test("two requests may have the same message id", () => {
    expect(
      read(
        user(0, "a"),
        answer(1, 0, withOutput(5), fields),
        answer(2, 0, withOutput(7), { requestId: "other" }),
      ),
    ).toMatchObject([{ numTurns: 2, outputTokens: 12 }]);
  });

  test("a replay of a sub-agent under a new request id is the same message, whichever comes first", () => {
    const replay = answer(9, 0, withOutput(9_999), { requestId: "new", isSidechain: true });
    const original = answer(1, 0, withOutput(5), fields);
    const prompt = user(0, "a");
    const expected = [{ numTurns: 1, outputTokens: 5 }];
    expect(read(prompt, original, replay)).toMatchObject(expected);
    expect(read(prompt, replay, original)).toMatchObject(expected);
  });

  test("rows that a resumed session begins with a copy of are the same rows, in any order of the files", () => {
    const copied = [user(0, "a", { uuid: "p" }), answer(1, 5)];
    const more = [user(5, "b", { uuid: "q", sessionId: "s2" }), answer(6, 7, {}, { sessionId: "s2" })];
    const [session, resumed] = [
      { path: PATH, rows: copied },
      {
        path: "/projects/-work-repo/s2.jsonl",
        rows: [...copied.map((each) => ({ ...each, sessionId: "s2" })), ...more],
      },
    ];
    const expected = [
      { executionId: "claude-code/p", outputTokens: 5 },
      { executionId: "claude-code/q", outputTokens: 7, sessionId: "s2" },
    ];
    expect(recordsIn(new ClaudeCodeReader(), session, resumed)).toMatchObject(expected);
    expect(recordsIn(new ClaudeCodeReader(), resumed, session)).toMatchObject(expected);
    expect(recordsIn(new ClaudeCodeReader(), resumed)).toMatchObject(expected);
  });
});

describe("a sub-agent counts within the turn that started it:", () => {
  const prompts = [
    user(0, "a", { uuid: "p", promptId: "one" }),
    answer(1, 1),
    user(5, "b", { uuid: "q", promptId: "two" }),
    answer(6, 2),
  ];
  const agent = (minutes: number, fields: object) => [
    user(minutes, "find", { isSidechain: true, agentId: "a1", ...fields }),
    answer(minutes + 10, 40, { model: "claude-haiku-4-5" }, { isSidechain: true, agentId: "a1" }),
  ];
  const outputs = (path: string, rows: readonly object[]) =>
    recordsIn(new ClaudeCodeReader(), { path: PATH, rows: prompts }, { path, rows }).map(
      ({ models, outputTokens }) => models?.map((model) => model.outputTokens) ?? [outputTokens],
    );

  test("by the id of the prompt, also while the next is answered", () => {
    expect(outputs(AGENT, agent(7, { promptId: "one" }))).toEqual([[1, 40], [2]]);
  });

  test("by the time, in files of older versions", () => {
    expect(outputs("/projects/-work-repo/agent-a1.jsonl", agent(2, {}))).toEqual([[1, 40], [2]]);
    expect(outputs("/projects/-work-repo/agent-a1.jsonl", agent(7, {}))).toEqual([[1], [2, 40]]);
  });

  test("by its place, in the file of the session", () => {
    const [first, ...others] = prompts;
    const rows = [first ?? {}, ...agent(1, {}), ...others];
    expect(recordsIn(new ClaudeCodeReader(), { path: PATH, rows })).toMatchObject([
      { numTurns: 2 },
      { numTurns: 1 },
    ]);
  });

  test("and is a turn of its own where that is gone", () => {
    expect(recordsIn(new ClaudeCodeReader(), { path: AGENT, rows: agent(0, {}) })).toMatchObject([
      { sessionId: "s1", outputTokens: 40, model: "claude-haiku-4-5" },
    ]);
  });
});

test("an error of the API costs nothing, and is how a turn ends when nothing comes after it", () => {
  const error = (minutes: number) =>
    answer(minutes, 99, { model: "<synthetic>" }, { isApiErrorMessage: true, error: MARKER });
  expect(read(user(0, "a"), answer(1, 5), error(2))).toMatchObject([
    { conclusion: "error", outputTokens: 5 },
  ]);
  expect(read(user(0, "a"), error(1), answer(2, 5))).toMatchObject([
    { conclusion: "success", outputTokens: 5 },
  ]);
  expect(read(user(0, "a"), answer(1, 5), user(2, "b"), error(3)).at(-1)).toMatchObject({
    conclusion: "error",
    model: "claude-opus-4-6",
    outputTokens: 0,
    costUsd: 0,
    numTurns: 0,
  });
});

test("what the user interrupts is aborted; what nobody answered is no execution", () => {
  const interruption = user(2, [{ type: "text", text: "[Request interrupted by user for tool use]" }]);
  expect(read(user(0, "a"), answer(1, 5), interruption)).toMatchObject([{ conclusion: "aborted" }]);
  expect(read(user(0, "/clear"), user(1, "b"), interruption)).toEqual([]);
  expect(read(user(0, "a"), answer(1, 7, { model: "<synthetic>" }))).toEqual([]);
});

test("what goes on after an hour's pause is an execution of its own", () => {
  const prompt = user(0, "a", { uuid: "p" });
  expect(read(prompt, answer(1, 5), answer(60, 6), answer(120, 7))).toMatchObject([
    { executionId: "claude-code/p", outputTokens: 11, durationMs: 60 * 60_000 },
    { executionId: `claude-code/p/${at(120)}`, outputTokens: 7, durationMs: 0 },
  ]);
});

test("a turn waits while a file that ends with it may grow", () => {
  const rows = [
    user(0, "a", { uuid: "p", promptId: "one" }),
    answer(1, 5),
    user(2, "b", { uuid: "q" }),
    answer(3, 6),
  ];
  const agent = [user(1, "c", { isSidechain: true, promptId: "one" })];
  const ids = (growsFromMs: number, ofAgentMs: number) =>
    recordsIn(
      new ClaudeCodeReader(),
      { path: PATH, rows, growsFromMs },
      { path: AGENT, rows: agent, growsFromMs: ofAgentMs },
    ).map(({ executionId }) => executionId);
  const [now, later] = [Date.parse(at(3)), Number.POSITIVE_INFINITY];
  expect(ids(later, later)).toEqual(["claude-code/p", "claude-code/q"]);
  expect(ids(now, later)).toEqual(["claude-code/p"]);
  expect(ids(later, Date.parse(at(1)))).toEqual(["claude-code/q"]);
  const unread = { path: AGENT, rows: [], growsFromMs: Number.NEGATIVE_INFINITY };
  expect(recordsIn(new ClaudeCodeReader(), { path: PATH, rows }, unread)).toEqual([]);
});

test("a request says its cost where it does, its tier, how long its cache is kept, and who served it", () => {
  const usage = { input_tokens: 1, output_tokens: 2, cache_creation: { ephemeral_1h_input_tokens: 4 } };
  const requests = (message: object, fields: object = {}) => {
    const reader = new ClaudeCodeReader();
    recordsIn(reader, { path: PATH, rows: [user(0, "a"), answer(1, 0, message, fields)] });
    return reader.turns().flatMap((turn) => turn.requests);
  };
  expect(requests({ usage })).toMatchObject([{ cacheCreation1hTokens: 4, atMs: Date.parse(at(1)) }]);
  const tierOf = (more: object) => requests({ usage: { ...usage, ...more } })[0]?.serviceTier;
  expect(tierOf({ service_tier: "standard" })).toBeUndefined();
  expect(tierOf({ service_tier: "priority" })).toBe("priority");
  expect(tierOf({ service_tier: "standard", speed: "fast" })).toBe("fast");
  expect(tierOf({ service_tier: "standard", inference_geo: "us" })).toBe("us_inference");
  expect(requests({ id: "msg_bdrk_1" })).toMatchObject([{ provider: "aws" }]);
  expect(requests({ id: "msg_vrtx_1" })).toMatchObject([{ provider: "google" }]);
  expect(
    read(user(0, "a"), answer(1, 5, {}, { costUSD: 0.5 }), answer(2, 5, {}, { costUSD: 0.25 })),
  ).toMatchObject([{ costUsd: 0.75 }]);
  const [partly] = read(user(0, "a"), answer(1, 5, {}, { costUSD: 0.5 }), answer(2, 5));
  expect(partly?.costUsd).toBeUndefined();
});

test("odd rows harm nothing", () => {
  const odd = [
    null,
    7,
    "x",
    [],
    {},
    { type: "assistant" },
    { type: "user", uuid: "x" },
    { type: "summary", uuid: 1 },
  ];
  const broken = [
    answer(1, 0, { usage: null }),
    answer(1, 0, { model: 5 }),
    row(1, { type: "assistant", message: "x" }),
    row(1, { type: "user", message: { content: [null, 5] } }),
    row(1, { type: "assistant", timestamp: "yesterday" }),
  ];
  const [record, ...others] = read(
    user(0, "a", { uuid: "p" }),
    ...(odd as object[]),
    answer(1, 5),
    ...broken,
  );
  expect(record).toMatchObject({ executionId: "claude-code/p", outputTokens: 5 });
  expect(others).toEqual([]);
});

test("no text of a prompt, an answer, a tool or an error gets into a record", () => {
  const tool = { type: "tool_use", id: "t1", name: "Bash", input: { command: "ls", nested: ["x"] } };
  const content = [{ type: "thinking", thinking: "x", signature: "x" }, { type: "text", text: "x" }, tool];
  const usage = { input_tokens: 1, output_tokens: 2, service_tier: "standard" };
  const rows = [
    row(0, { type: "summary", summary: "x", leafUuid: "x" }),
    user(0, "do it", { slug: "x", version: "2.1.0", userType: "external", permissionMode: "x" }),
    answer(1, 1, { content, usage, stop_reason: "tool_use" }),
    user(2, [{ type: "tool_result", tool_use_id: "t1", content: "x" }], { toolUseResult: { stdout: "x" } }),
    answer(3, 1, { model: "claude-haiku-4-5", container: { x: "x" } }),
    answer(
      4,
      1,
      { model: "<synthetic>", content },
      { isApiErrorMessage: true, error: "x", errorDetails: "x" },
    ),
    user(5, "[Request interrupted by user]", { interruptedMessageId: "x" }),
    row(6, { type: "system", content: "x", subtype: "x" }),
  ];
  const plain = read(...rows);
  const texts = JSON.stringify(read(...rows.map((each) => marked(each) as object)));
  expect(texts).not.toContain(MARKER);
  expect(plain).toMatchObject([
    { models: [{ outputTokens: 2 }, { outputTokens: 1 }], conclusion: "aborted" },
  ]);
});
