import { afterEach, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import { appendFileSync, cpSync, mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { read } from "../support/ledger";
import { flawsOf } from "../support/place";
import { newPath } from "../support/read-ledgers";
import { tempDir } from "../support/temp-dir";
import { MARKER } from "../transcripts/rows";

const START_MS = Date.parse("2026-03-01T10:00:00Z");
const HOUR_MS = 3_600_000;
const THREAD = "0195ff00-0000-7000-8000-000000000001";
let folder = "";
let db = "";
let nowMs = START_MS;

beforeEach(() => {
  folder = tempDir();
  db = newPath();
  nowMs = START_MS;
});
afterEach(() => {
  setSystemTime();
});

/** Adds rows to a file, each a minute after the one before. */
function write(path: string, ...rows: readonly object[]): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  for (const row of rows) {
    nowMs += 60_000;
    appendFileSync(file, `${JSON.stringify({ timestamp: new Date(nowMs).toISOString(), ...row })}\n`);
  }
  utimesSync(file, nowMs / 1_000, nowMs / 1_000);
}

let count = 0;
const row = (sessionId: string, fields: object) => {
  count += 1;
  const place = { cwd: "/home/ada/acme", gitBranch: "main", version: "2.1.0", slug: MARKER };
  return { uuid: `u${count}`, parentUuid: null, sessionId, isSidechain: false, ...place, ...fields };
};
const prompt = (sessionId: string, uuid: string) =>
  row(sessionId, {
    type: "user",
    uuid,
    message: { role: "user", content: MARKER },
    toolUseResult: { x: MARKER },
  });
const answer = (sessionId: string, output: number, more: object = {}) => {
  const usage = { input_tokens: 1, output_tokens: output, cache_read_input_tokens: 2 };
  const content = [{ type: "text", text: MARKER }];
  const message = { id: `m${count}`, model: "claude-opus-4-6", role: "assistant", content, usage, ...more };
  return row(sessionId, { type: "assistant", requestId: `r${count}`, message });
};
const session = (id: string) => `-work-acme/${id}.jsonl`;

/** Imports at a time of so many hours after the latest row. */
async function importAt(hours: number, ...args: readonly string[]) {
  setSystemTime(nowMs + hours * HOUR_MS);
  const all = [
    "import",
    "--from",
    "claude-code",
    ...(args[0]?.startsWith("--") === false ? [] : [folder]),
    ...args,
  ];
  return runCli([...all, "--db", db]);
}

const rowsIn = (columns: string) => read(db, `SELECT ${columns} FROM executions ORDER BY execution_id`);

describe("import --from claude-code", () => {
  test("takes each turn that is closed, once", async () => {
    write(
      session("s1"),
      prompt("s1", "p1"),
      answer("s1", 10),
      answer("s1", 20),
      prompt("s1", "p2"),
      answer("s1", 40),
    );
    const early = await importAt(0.5);
    expect(early).toEqual({
      exitCode: 0,
      err: "",
      out: "1 read: 1 written, 0 duplicates, 0 rejected\n1 turn still open: left to a later import\n",
    });
    write(session("s1"), answer("s1", 80));
    expect((await importAt(2)).out).toBe("2 read: 1 written, 1 duplicates, 0 rejected\n");
    expect((await importAt(2)).out).toBe("2 read: 0 written, 2 duplicates, 0 rejected\n");
    expect(
      rowsIn("execution_id, repo, event_type, output_tokens, num_turns, labels, session_id, conclusion"),
    ).toEqual([
      {
        execution_id: "claude-code/p1",
        repo: "acme",
        event_type: "claude-code",
        output_tokens: 30,
        num_turns: 2,
        labels: '{"branch":"main"}',
        session_id: "s1",
        conclusion: "success",
      },
      expect.objectContaining({ execution_id: "claude-code/p2", output_tokens: 120, num_turns: 2 }),
    ]);
    expect(rowsIn("created_at, duration_ms")[0]).toEqual({
      created_at: "2026-03-01 10:03:00.000",
      duration_ms: 120_000,
    });
    expect(JSON.stringify(read(db, "SELECT * FROM executions"))).not.toContain(MARKER);
    expect(read(db, "SELECT * FROM incidents")).toEqual([]);
    expect(flawsOf(db)).toEqual([]);
  });

  test("says what it would do, as JSON, and writes nothing", async () => {
    write(session("s1"), prompt("s1", "p1"), answer("s1", 10), prompt("s1", "p2"), answer("s1", 40));
    const { out } = await importAt(0, "--dry-run", "--json");
    const counts = { read: 1, written: 1, duplicates: 0, rejected: 0, refused: 0, undated: 0 };
    expect(JSON.parse(out)).toEqual({ ...counts, open: 1, recorded: 0, recordedSessions: 0 });
    expect((await importAt(0, "--dry-run")).out).toEndWith("Nothing was written.\n");
    expect(await Bun.file(db).exists()).toBe(false);
  });

  test("takes what it is told: repository, event, labels, how long a session is quiet", async () => {
    write(session("s1"), prompt("s1", "p1"), answer("s1", 10));
    const options = ["--repo", "o/r", "--event-type", "nightly", "--label", "team=core", "branch=mine"];
    expect((await importAt(0.2, "--idle", "0.1h", ...options)).out).toStartWith("1 read: 1 written");
    expect(rowsIn("repo, event_type, labels")).toEqual([
      { repo: "o/r", event_type: "nightly", labels: '{"branch":"mine","team":"core"}' },
    ]);
  });

  test("leaves out sessions that were recorded by other means, unless it is told not to", async () => {
    write(session("s1"), prompt("s1", "p1"), answer("s1", 10), prompt("s1", "p2"), answer("s1", 10));
    write(session("s2"), prompt("s2", "p3"), answer("s2", 10));
    using store = createTelemetryStore({ dbPath: db });
    store.record(executionCompleted({ sessionId: "s1", executionId: "live" }));
    expect((await importAt(2)).out).toBe(
      "1 read: 1 written, 0 duplicates, 0 rejected\n2 turns of 1 session recorded already: left out without --include-recorded\n",
    );
    expect((await importAt(2)).out).toContain("1 read: 0 written, 1 duplicates");
    expect((await importAt(2, "--include-recorded")).out).toStartWith("3 read: 2 written, 1 duplicates");
  });

  test("takes one file with all that belongs to it", async () => {
    write(session("s1"), { ...prompt("s1", "p1"), promptId: "one" }, answer("s1", 10));
    write("-work-acme/s1/subagents/agent-a.jsonl", {
      ...prompt("s1", "a1"),
      promptId: "one",
      isSidechain: true,
    });
    write("-work-acme/s1/subagents/agent-a.jsonl", { ...answer("s1", 30), isSidechain: true });
    write(session("s2"), prompt("s2", "p2"), answer("s2", 99));
    expect((await importAt(2, join(folder, session("s1")))).out).toStartWith("1 read: 1 written");
    db = newPath();
    expect((await importAt(2, join(folder, "-work-acme/s1/subagents/agent-a.jsonl"))).out).toStartWith(
      "1 read: 1 ",
    );
    expect(rowsIn("execution_id, output_tokens")).toEqual([
      { execution_id: "claude-code/p1", output_tokens: 40 },
    ]);
  });

  test("takes a file of any name", async () => {
    write("copy [1].txt", prompt("s1", "p1"), answer("s1", 10));
    expect((await importAt(2, join(folder, "copy [1].txt"))).out).toStartWith("1 read: 1 written");
  });

  test("estimates what each request cost by itself, unless it is told not to", async () => {
    const long = (input: number) => {
      const usage = { input_tokens: input, output_tokens: 1_000 };
      return answer("s1", 0, { model: "claude-sonnet-4-5", usage });
    };
    write(session("s1"), prompt("s1", "p1"), long(150_000), long(150_000), prompt("s1", "p2"), long(300_000));
    await importAt(2);
    // In requests of more than 200,000 tokens of input, each costs twice as much, and output one and a half.
    expect(rowsIn("cost_source, cost_usd")).toEqual([
      { cost_source: "estimated", cost_usd: expect.closeTo(0.3 * 3 + 0.002 * 15, 9) },
      { cost_source: "estimated", cost_usd: expect.closeTo(0.3 * 6 + 0.001 * 22.5, 9) },
    ]);
    expect(read(db, "SELECT value FROM ledger WHERE key = 'price_list'")).toHaveLength(1);

    db = newPath();
    await importAt(2, "--no-estimate");
    expect(rowsIn("cost_source")).toEqual([{ cost_source: "unknown" }, { cost_source: "unknown" }]);
    db = newPath();
    const prices = join(tempDir(), "prices.json");
    writeFileSync(
      prices,
      JSON.stringify([{ model: "claude-sonnet-4-5", inputPerMillion: 1, outputPerMillion: 0 }]),
    );
    await importAt(2, "--prices", prices);
    expect(rowsIn("round(cost_usd, 9) AS usd")).toEqual([{ usd: 0.3 }, { usd: 0.3 }]);
  });

  test("passes over a line that is cut, and takes the turn when the file is whole", async () => {
    write(
      session("s1"),
      prompt("s1", "p1"),
      answer("s1", 10),
      prompt("s1", "p2"),
      answer("s1", 20),
      answer("s1", 40),
    );
    const whole = join(tempDir(), "whole.jsonl");
    const file = join(folder, session("s1"));
    cpSync(file, whole);
    truncateSync(file, Bun.file(file).size - 30);
    utimesSync(file, START_MS / 1_000, START_MS / 1_000);
    expect((await importAt(9)).out).toContain("1 turn still open");
    cpSync(whole, file);
    utimesSync(file, START_MS / 1_000, START_MS / 1_000);
    await importAt(9);
    expect(rowsIn("output_tokens")).toEqual([{ output_tokens: 10 }, { output_tokens: 60 }]);
  });

  test("reads what has a byte order mark, CRLF, or bytes that are no text", async () => {
    const lines = [prompt("s1", "p1"), answer("s1", 10)].map((fields) =>
      JSON.stringify({ ...fields, timestamp: new Date(START_MS).toISOString() }),
    );
    const file = join(folder, "s1.jsonl");
    writeFileSync(
      file,
      Buffer.concat([
        Buffer.from(`\ufeff${lines[0]}\r\n`),
        Buffer.from([0xff, 0, 10]),
        Buffer.from(`${lines[1]}\r\n`),
      ]),
    );
    utimesSync(file, START_MS / 1_000, START_MS / 1_000);
    expect((await importAt(2)).out).toStartWith("1 read: 1 written");
  });

  test.each([
    [
      ["import", "--from", "claude-code", "/nowhere/at-all"],
      /There is no file or folder \/nowhere\/at-all\./,
    ],
    [["import", "--idle", "1h", "x.jsonl"], /^runledger: --idle, .* are for transcripts alone/],
    [["import", "--no-estimate", "x.jsonl"], /are for transcripts alone/],
    [
      ["import", "--from", "codex", "--prices", "/nowhere.json", import.meta.dir],
      /\/nowhere\.json can't be read as JSON/,
    ],
    [["import", "--from", "claude", "--include-recorded", "x.jsonl"], /are for transcripts alone/],
    [["import", "--from", "codex", "--idle", "soon"], /'soon' is invalid/],
  ])("%j is refused in one line", async (args, message) => {
    const { exitCode, out, err } = await runCli(args);
    expect({ exitCode, out, lines: err.match(/\n/g)?.length }).toEqual({ exitCode: 2, out: "", lines: 1 });
    expect(err).toMatch(message);
  });
});

describe("where no folder is named", () => {
  const NAMES = ["HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"];
  const saved = new Map(NAMES.map((name) => [name, process.env[name]]));
  afterEach(() => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  test("those are read where a program keeps its transcripts", async () => {
    for (const name of NAMES) delete process.env[name];
    process.env["HOME"] = folder;
    process.env["CLAUDE_CONFIG_DIR"] = join(folder, "team");
    const places = [".claude", ".config/claude", "team"];
    for (const [index, place] of places.entries()) {
      const id = `s${index}`;
      write(`${place}/projects/-work-acme/${id}.jsonl`, prompt(id, `p${index}`), answer(id, 1));
    }
    setSystemTime(nowMs + 2 * HOUR_MS);
    const { out } = await runCli(["import", "--from", "claude-code", "--db", db]);
    expect(out).toBe("3 read: 3 written, 0 duplicates, 0 rejected\n");
    expect(await runCli(["import", "--from", "codex", "--db", db])).toEqual({
      exitCode: 2,
      out: "",
      err: "runledger: There are no transcripts of Codex where it keeps them. Name their folder.\n",
    });
  });
});

describe("import --from codex", () => {
  const usage = (input: number) => ({ input_tokens: input, cached_input_tokens: 2, output_tokens: 3 });
  const rows = [
    {
      type: "session_meta",
      payload: {
        id: THREAD,
        cwd: "/home/ada/acme",
        instructions: MARKER,
        git: { branch: "dev", repository_url: "git@example.com:acme/shop.git" },
      },
    },
    { type: "event_msg", payload: { type: "user_message", message: MARKER } },
    { type: "turn_context", payload: { model: "gpt-5.2", cwd: "/home/ada/acme" } },
    {
      type: "event_msg",
      payload: { type: "token_count", info: { total_token_usage: usage(10), last_token_usage: usage(10) } },
    },
    { type: "event_msg", payload: { type: "agent_message", message: MARKER } },
  ];

  test("takes turns of plain and of compressed files", async () => {
    const name = `2026/03/01/rollout-2026-03-01T10-00-00-${THREAD}.jsonl`;
    write(name, ...rows);
    setSystemTime(nowMs + 2 * HOUR_MS);
    const args = ["import", "--from", "codex", folder, "--db", db];
    expect((await runCli(args)).out).toBe("1 read: 1 written, 0 duplicates, 0 rejected\n");
    expect(
      rowsIn("repo, event_type, model, provider, input_tokens, cache_read_tokens, labels, session_id"),
    ).toEqual([
      {
        repo: "acme/shop",
        event_type: "codex",
        model: "gpt-5.2",
        provider: "openai",
        input_tokens: 8,
        cache_read_tokens: 2,
        labels: '{"branch":"dev"}',
        session_id: THREAD,
      },
    ]);
    expect(JSON.stringify(read(db, "SELECT * FROM executions"))).not.toContain(MARKER);

    const file = join(folder, name);
    const compressed = Bun.zstdCompressSync(await Bun.file(file).bytes());
    rmSync(file);
    writeFileSync(`${file}.zst`, compressed);
    utimesSync(`${file}.zst`, START_MS / 1_000, START_MS / 1_000);
    expect((await runCli(args)).out).toBe("1 read: 0 written, 1 duplicates, 0 rejected\n");
    truncateSync(`${file}.zst`, compressed.length - 20);
    expect((await runCli(args)).exitCode).toBe(0);
  });

  test("a thread that was recorded by fromCodexTurn is left out", async () => {
    write(`rollout-${THREAD}.jsonl`, ...rows);
    using store = createTelemetryStore({ dbPath: db });
    store.record(executionCompleted({ sessionId: THREAD }));
    setSystemTime(nowMs + 2 * HOUR_MS);
    const { out } = await runCli(["import", "--from", "codex", folder, "--db", db]);
    expect(out).toBe(
      "0 read: 0 written, 0 duplicates, 0 rejected\n1 turn of 1 session recorded already: left out without --include-recorded\n",
    );
  });
});
