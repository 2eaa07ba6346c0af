import { describe, expect, test } from "bun:test";
import { CodexReader } from "../../src/transcripts/codex";
import { at, MARKER, marked, recordsIn } from "./rows";

const THREAD = "0195ff00-0000-7000-8000-000000000001";
const TURN = "aaaaaaaa-0000-4000-8000-000000000001";
const PATH = `/sessions/2026/03/01/rollout-2026-03-01T10-00-00-${THREAD}.jsonl`;

const row = (minutes: number, type: string, payload: object, more: object = {}) => ({
  timestamp: at(minutes),
  type,
  payload,
  ...more,
});
const event = (minutes: number, type: string, fields: object = {}) =>
  row(minutes, "event_msg", { type, ...fields });
const meta = (fields: object = {}) =>
  row(0, "session_meta", { id: THREAD, timestamp: at(0), cwd: "/home/ann/repo", ...fields });
const context = (minutes: number, fields: object = {}) =>
  row(minutes, "turn_context", { model: "gpt-5.2", cwd: "/home/ann/repo", ...fields });

const usage = (input: number, output: number, cached = 0) => ({
  input_tokens: input,
  cached_input_tokens: cached,
  output_tokens: output,
  reasoning_output_tokens: 1,
  total_tokens: input + output,
});
const used = (minutes: number, total: object, last: object) =>
  event(minutes, "token_count", { info: { total_token_usage: total, last_token_usage: last } });

const read = (...rows: readonly object[]) => recordsIn(new CodexReader(), { path: PATH, rows });

test("a turn is a task; what a total has more than the one before is a request", () => {
  const records = read(
    meta({ model_provider: "openai", instructions: MARKER }),
    event(1, "task_started", { turn_id: TURN }),
    context(1, { turn_id: TURN }),
    event(1, "user_message", { message: MARKER }),
    used(2, usage(1_000, 50, 600), usage(1_000, 50, 600)),
    event(2, "token_count", { info: null, rate_limits: {} }),
    used(3, usage(1_000, 50, 600), usage(1_000, 50, 600)),
    event(3, "user_message", { message: "go on" }),
    used(4, usage(3_000, 80, 2_000), usage(2_000, 30, 1_400)),
    event(5, "task_complete", { turn_id: TURN, last_agent_message: MARKER }),
  );
  expect(records).toMatchObject([
    {
      executionId: `codex/${TURN}`,
      sessionId: THREAD,
      provider: "openai",
      model: "gpt-5.2",
      inputTokens: 1_000,
      cacheReadTokens: 2_000,
      outputTokens: 80,
      numTurns: 2,
      durationMs: 240_000,
      conclusion: "success",
    },
  ]);
  expect(JSON.stringify(records)).not.toContain(MARKER);
});

test("in older versions a message of the user begins a turn", () => {
  expect(
    read(
      meta(),
      context(0),
      event(1, "user_message"),
      used(2, usage(10, 1), usage(10, 1)),
      event(3, "user_message"),
      context(3, { model: "gpt-5-codex" }),
      used(4, usage(30, 3), usage(20, 2)),
    ),
  ).toMatchObject([
    { executionId: `codex/${THREAD}/${at(1)}`, inputTokens: 10, model: "gpt-5.2" },
    { executionId: `codex/${THREAD}/${at(3)}`, inputTokens: 20, model: "gpt-5-codex" },
  ]);
});

test("a turn that counts its id by process is known by its thread and time", () => {
  const [record] = read(
    meta(),
    event(1, "task_started", { turn_id: "0" }),
    context(1),
    used(2, usage(1, 1), usage(1, 1)),
  );
  expect(record?.executionId).toBe(`codex/${THREAD}/${at(1)}`);
});

test("newer versions have a row for each request, beside which totals count nothing", () => {
  const record = (minutes: number, response_id: string, tokens: object, more: object = {}) =>
    row(minutes, "token_usage_record", { thread_id: THREAD, response_id, usage: tokens, ...more });
  expect(
    read(
      meta(),
      event(1, "task_started", { turn_id: TURN }),
      context(1),
      record(2, "r1", { ...usage(1_000, 50, 600), cache_write_input_tokens: 100 }),
      used(2, usage(1_000, 50), usage(1_000, 50)),
      record(3, "r1", usage(1_000, 50)),
      record(3, "r2", usage(7, 1), { thread_id: "another" }),
      record(4, "r3", usage(5, 1)),
      used(4, usage(900, 50), usage(0, 0)),
    ),
  ).toMatchObject([{ numTurns: 2, inputTokens: 305, outputTokens: 51, cacheReadTokens: 600 }]);
});

describe("totals", () => {
  const begin = [meta(), event(1, "task_started", { turn_id: TURN }), context(1)];

  test("of a file that goes on with another begin with its latest request", () => {
    expect(read(...begin, used(2, usage(9_000, 900), usage(10, 1)))).toMatchObject([{ inputTokens: 10 }]);
  });

  test("that begin anew, too", () => {
    expect(
      read(...begin, used(2, usage(100, 10), usage(100, 10)), used(3, usage(30, 3), usage(30, 3))),
    ).toMatchObject([{ inputTokens: 130, numTurns: 2 }]);
  });

  test("make good for a row that was lost", () => {
    expect(
      read(...begin, used(2, usage(100, 10), usage(100, 10)), used(3, usage(400, 40), usage(100, 10))),
    ).toMatchObject([{ inputTokens: 400 }]);
  });
});

test.each([
  ["turn_aborted", "aborted"],
  ["error", "error"],
])("%s is how a turn ends: %s", (type, conclusion) => {
  const begin = [meta(), event(1, "task_started", { turn_id: TURN }), context(1)];
  const request = used(2, usage(1, 1), usage(1, 1));
  expect(read(...begin, request, event(3, type, { turn_id: TURN }))).toMatchObject([{ conclusion }]);
});

describe("history of another thread is passed over:", () => {
  const OLD_TURN = "0195e000-0000-7000-8000-000000000009";
  const own = "01960000-0000-7000-8000-00000000000a";
  const forked = (fields: object) => ({ ...meta(fields), timestamp: at(0) });
  const history = [
    row(0, "session_meta", { id: "parent", cwd: "/elsewhere" }),
    event(0, "task_started", { turn_id: OLD_TURN }),
    context(0, { turn_id: OLD_TURN, model: "gpt-4" }),
    used(0, usage(5_000, 500), usage(4_000, 400)),
    used(0, usage(7_000, 700), usage(2_000, 200)),
  ];
  const ownRows = [
    event(0, "task_started", { turn_id: own }),
    context(0, { turn_id: own }),
    used(1, usage(7_010, 701), usage(10, 1)),
  ];

  test.each([
    ["of a fork", { forked_from_id: "parent" }],
    ["of a sub-agent", { source: { subagent: { thread_spawn: { parent_thread_id: "parent" } } } }],
    ["of a newer sub-agent", { parent_thread_id: "parent" }],
  ])("%s, by the time in the ids of turns", (_, fields) => {
    expect(read(forked({ id: THREAD, timestamp: at(0), ...fields }), ...history, ...ownRows)).toMatchObject([
      { executionId: `codex/${own}`, sessionId: THREAD, inputTokens: 10, outputTokens: 1, model: "gpt-5.2" },
    ]);
  });

  test("as far as the thread says that it goes", () => {
    const fields = { forked_from_id: "parent", subagent_history_start_ordinal: 3 };
    const rows = [forked(fields), event(0, "task_started"), used(0, usage(9, 9), usage(9, 9)), ...ownRows];
    expect(read(...rows.map((each, ordinal) => ({ ...each, ordinal })))).toMatchObject([
      { numTurns: 1, inputTokens: 7_001 },
    ]);
  });

  test("by the pause after it, where turns have no ids", () => {
    const copies = [event(0, "user_message"), used(0, usage(50, 5), usage(50, 5))];
    const rows = [forked({ forked_from_id: "parent" }), ...copies, event(0, "user_message"), context(0)];
    expect(read(...rows, used(1, usage(57, 6), usage(7, 1)))).toMatchObject([
      { inputTokens: 7, durationMs: 0 },
    ]);
  });

  test("an ordinary thread has none", () => {
    expect(read(meta(), ...history)).toMatchObject([{ inputTokens: 6_000 }]);
  });
});

test("a tier that is not the standard one is told", () => {
  const reader = new CodexReader();
  const begin = [meta(), event(1, "task_started", { turn_id: TURN })];
  const settings = event(1, "thread_settings_applied", {
    thread_settings: { model: "gpt-5.5", service_tier: "fast" },
  });
  recordsIn(reader, { path: PATH, rows: [...begin, settings, used(2, usage(1, 1), usage(1, 1))] });
  expect(reader.turns().flatMap(({ requests }) => requests)).toMatchObject([
    { model: "gpt-5.5", serviceTier: "fast" },
  ]);
});

test("odd rows harm nothing", () => {
  const odd = [
    null,
    7,
    [],
    {},
    { type: "event_msg" },
    row(0, "event_msg", [] as object),
    event(0, "token_count", { info: 5 }),
  ];
  expect(
    read(meta(), ...(odd as object[]), event(1, "user_message"), used(2, usage(1, 1), usage(1, 1))),
  ).toMatchObject([{ model: "unknown", inputTokens: 1 }]);
});

test("no text of a prompt, an answer, a tool or an error gets into a record", () => {
  const rows = [
    meta({ instructions: "x", originator: "x", git: { branch: "main", commit_hash: "x" }, source: "cli" }),
    event(1, "task_started", { turn_id: TURN }),
    context(1, { turn_id: TURN, summary: "x", user_instructions: "x", sandbox_policy: { type: "x" } }),
    event(1, "user_message", { message: "x", images: ["x"] }),
    row(1, "response_item", { type: "message", role: "user", content: [{ type: "input_text", text: "x" }] }),
    row(1, "response_item", { type: "function_call", name: "shell", arguments: "x", call_id: "x" }),
    event(1, "agent_reasoning", { text: "x" }),
    used(2, usage(10, 1), usage(10, 1)),
    row(2, "compacted", { message: "x" }),
    event(3, "error", { message: "x", codex_error_info: "x" }),
    event(3, "task_complete", { turn_id: TURN, last_agent_message: "x" }),
  ];
  const records = read(...rows.map((each) => marked(each) as object));
  expect(records).toMatchObject([{ inputTokens: 10, model: "gpt-5.2" }]);
  expect(JSON.stringify(records)).not.toContain(MARKER);
});
