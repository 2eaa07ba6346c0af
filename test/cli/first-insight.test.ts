import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";

const NAMES = [
  "HOME",
  "CLAUDE_CONFIG_DIR",
  "CODEX_HOME",
  "XDG_CONFIG_HOME",
  "TELEMETRY_DB_PATH",
  "npm_command",
];
const saved = new Map(NAMES.map((name) => [name, process.env[name]]));
const TERMINAL = { isTerminal: true };
let home = "";
let db = "";

beforeEach(() => {
  for (const name of NAMES) delete process.env[name];
  home = tempDir();
  db = join(home, "telemetry.db");
  process.env["HOME"] = home;
  process.env["TELEMETRY_DB_PATH"] = db;
});

afterEach(() => {
  for (const [name, value] of saved) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

/** No JSON: nothing of it may be read. */
function transcript(path: string, day: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), "unread");
  utimesSync(join(home, path), new Date(day), new Date(day));
}

describe("runledger without a command, on a terminal,", () => {
  test("says which transcripts there are, and the command line that imports and reports them", async () => {
    transcript(".claude/projects/-a/s1.jsonl", "2026-02-01");
    transcript(".claude/projects/-a/s2.jsonl", "2026-01-31");
    transcript(".claude/projects/-a/s1/subagents/agent-1.jsonl", "2026-01-01");
    transcript(".codex/sessions/2026/02/03/rollout-1.jsonl", "2026-02-03");
    expect(await runCli([], TERMINAL)).toEqual({
      exitCode: 0,
      err: "",
      out: `There is no ledger at ${db} yet. On this machine are transcripts of

  Claude Code: 2 sessions since 2026-01-31
  Codex: 1 session since 2026-02-03

What they cost:

  runledger import --from claude-code && runledger import --from codex && runledger report
`,
    });
    expect(readdirSync(home).sort()).toEqual([".claude", ".codex"]);
  });

  test("started by bunx, it names commands that bunx starts", async () => {
    transcript(".codex/sessions/2026/02/03/rollout-1.jsonl", "2026-02-03");
    process.env["npm_command"] = "exec";
    const { out } = await runCli([], TERMINAL);
    expect(out).toEndWith("\n  bunx runledger import --from codex && bunx runledger report\n");
  });

  test("names only those that there are, wherever they are", async () => {
    process.env["CLAUDE_CONFIG_DIR"] = `${join(home, "nowhere")}, ${join(home, "elsewhere")}`;
    transcript("elsewhere/projects/-a/s1.jsonl", "2026-02-01");
    const { out } = await runCli([], TERMINAL);
    expect(out).toContain("\n  Claude Code: 1 session since 2026-02-01\n");
    expect(out).toContain("\n  runledger import --from claude-code && runledger report\n");
    expect(out).not.toContain("Codex");
  });

  test("says how to fill a ledger where there are none", async () => {
    const { exitCode, out } = await runCli([], TERMINAL);
    expect({ exitCode, lines: out.split("\n").length }).toEqual({ exitCode: 0, lines: 4 });
    expect(out).toContain("telemetryPlugin");
    expect(readdirSync(home)).toEqual([]);
  });

  test("is the report where there is a ledger", async () => {
    using store = createTelemetryStore({ dbPath: db });
    store.record(executionCompleted());
    expect(await runCli([], TERMINAL)).toEqual(await runCli(["report"], TERMINAL));
    process.env["TELEMETRY_DB_PATH"] = " x";
    expect((await runCli([], TERMINAL)).exitCode).toBe(2);
  });
});

test("not on a terminal it shows the help, as wrong usage", async () => {
  const { exitCode, out, err } = await runCli([]);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
  expect(err).toStartWith("Usage: runledger ");
});
