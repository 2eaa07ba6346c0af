import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { failureOf } from "../../src/cli/failure";
import { createProgram } from "../../src/cli/program";
import { OutputClosedError } from "../../src/cli/terminal";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { fakeTerminal, runCli } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();
const nowhere = join(folder, "nowhere.db");
const COMMANDS = (await createProgram(fakeTerminal(), () => {})).commands.map((command) => command.name());

describe("the command line", () => {
  test("without a command shows its help, as wrong usage", async () => {
    const { exitCode, out, err } = await runCli([]);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    for (const name of COMMANDS) expect(err).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  test.each(["--help", "help"])("%s shows all commands, no wider than the terminal", async (argument) => {
    for (const columns of [80, 120]) {
      const { exitCode, out, err } = await runCli([argument], { columns });
      expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
      expect(out).toStartWith("Usage: runledger [options] [command]\n");
      expect(out.split("\n").every((line) => line.length <= columns)).toBe(true);
    }
  });

  test.each(COMMANDS)("%s --help has a description, options and two examples", async (name) => {
    const { exitCode, out, err } = await runCli([name, "--help"]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(out).toStartWith(`Usage: runledger ${name} `);
    expect(out.match(/^ {2}\$ runledger /gm)).toHaveLength(2);
    expect((await runCli(["help", name])).out).toBe(out);
    expect((await runCli([name, "-h"])).out).toBe(out);
  });

  test("--version is that of the package, whether or not anybody reads it", async () => {
    const write = () => Promise.reject(new OutputClosedError());
    expect((await runCli(["--version"], { write })).exitCode).toBe(0);
    expect(runCli(["--version"], { write: () => Promise.reject(new Error("no")) })).rejects.toThrow("no");
    expect(await runCli(["--version"])).toEqual({ exitCode: 0, out: `${packageJson.version}\n`, err: "" });
  });
});

describe("wrong usage", () => {
  test.each([
    [["nonsense"], /unknown command 'nonsense'/],
    [["expotr"], /unknown command 'expotr' \(Did you mean export\?\)/],
    [["executions", "--sinc", "7d"], /unknown option '--sinc' \(Did you mean --since\?\)/],
    [["executions", "--limit", "ten"], /'ten' is invalid. It must be a whole number\./],
    [["executions", "--limit"], /argument missing/],
    [
      ["executions", "--since", "tomorrow"],
      /'tomorrow' is invalid. It must be such as today, last-month, 90d, 12h, 2026-01, 2026-01-31/,
    ],
    [["report", "--until", "2026-01-31T12:00"], /append Z if it is UTC/],
    [["export", "--tz", "Moon/Crater"], /'Moon\/Crater' is invalid. It must be the name of a time zone/],
    [["report", "--by", "day,model,repo"], /'day,model,repo' is invalid. It must be one or two of day,/],
    [["report", "--by", "day,day"], /'day,day' is invalid/],
    [["executions", "extra"], /too many arguments/],
    [["executions", "--json", "--csv"], /cannot be used with/],
    [["executions", "--db", " x"], /--db: expected a path without spaces around it/],
    [
      ["forward", "--forget", "a", "--from", ":memory:"],
      /--from: this command needs the path of a SQLite file/,
    ],
    [["forward", "--forget", "a", "--from", " x"], /--from: expected a path without spaces around it/],
    [["import"], /missing required argument 'file'/],
    [["export", "--format", "xml"], /Allowed choices are jsonl, csv/],
    [["incidents", "--kind", "other"], /Allowed choices are rejected/],
    [["incidents", "--dry-run"], /--dry-run is for --retry alone/],
    [["incidents", "--beyond-retention"], /--beyond-retention is for --retry alone/],
    [["incidents", "--retry", "--limit", "1"], /cannot be used with/],
    [["purge"], /required option '--older-than <age>' not specified/],
  ])("%j is told in one line, with exit code 2", async (args, message) => {
    const { exitCode, out, err } = await runCli(args);
    const error = args.includes("--json") ? JSON.parse(err).error.message : err;
    expect(error).toMatch(message);
    expect({ exitCode, out, lines: err.match(/\n/g)?.length }).toEqual({ exitCode: 2, out: "", lines: 1 });
  });

  test.each(["postgres://bot:secret@localhost/runs", "mysql://bot:secret@localhost/runs", ":memory:"])(
    "is %s where a command needs a file; it makes none, and shows no password",
    async (url) => {
      const records = join(folder, "records.jsonl");
      await Bun.write(records, `${JSON.stringify(executionCompleted())}\n`);
      const commands = [["import", records], ["checkpoint"]];
      if (!url.startsWith("postgres:")) commands.push(["incidents", "--retry"]);
      for (const args of commands) {
        const { exitCode, out, err } = await runCli([...args, "--db", url]);
        expect({ args, exitCode, out }).toEqual({ args, exitCode: 2, out: "" });
        expect(err).toBe(
          "runledger: --db: this command needs the path of a SQLite file, neither a URL nor :memory:.\n",
        );
      }
      expect(existsSync("postgres:")).toBe(false);
    },
  );

  test("of a filter has the exit code 2 too", async () => {
    const db = join(folder, "filter.db");
    createTelemetryStore({ dbPath: db }).close();
    for (const args of [
      ["--since", "tomorrow"],
      ["--tz", "Moon/Crater"],
      ["--since", "1d", "--until", "2d"],
    ]) {
      const { exitCode, err } = await runCli(["executions", "--db", db, ...args]);
      expect({ exitCode, lines: err.match(/\n/g)?.length }).toEqual({ exitCode: 2, lines: 1 });
    }
  });
});

describe("a failure", () => {
  const config = join(folder, "budgets.ts");
  writeFileSync(config, 'export default { budgets: [{ name: "all", limitUsd: 1, per: "day" }] };');
  const READING = COMMANDS.filter((name) => !["completion", "forward", "import"].includes(name));

  test.each(READING)("of %s, where there is no ledger, is one line and exit code 1", async (name) => {
    const more: Record<string, string[]> = {
      purge: ["--older-than", "1d"],
      backup: [join(folder, "backup.db")],
      restore: [nowhere],
      show: ["some-id"],
      budget: ["--config", config],
    };
    const args = [name, ...(more[name] ?? [])];
    const { exitCode, out, err } = await runCli([...args, "--db", nowhere]);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" });
    expect(err).toMatch(/^runledger: There is no ledger at .*nowhere\.db\. [A-Z].*\.\n$/);
    expect(await Bun.file(nowhere).exists()).toBe(false);
  });

  test("with --json is an object", async () => {
    const { err } = await runCli(["executions", "--json", "--db", nowhere]);
    expect(JSON.parse(err)).toEqual({
      error: {
        code: "LEDGER_NOT_FOUND",
        message: `There is no ledger at ${nowhere}.`,
        hint: expect.stringMatching(/^Check the path/),
      },
    });
    const wrong = await runCli(["executions", "--json", "--nonsense"]);
    expect(JSON.parse(wrong.err)).toEqual({
      error: { code: "INVALID_ARGUMENT", message: "unknown option '--nonsense'" },
    });
  });

  test("that nobody foresaw is one line too", () => {
    expect(failureOf(new Error("one\n  two"))).toEqual({
      exitCode: 1,
      code: "UNEXPECTED",
      message: "one two",
    });
    expect(failureOf("text")).toMatchObject({ exitCode: 1, message: 'the string "text"' });
  });

  test("is none when the reader of the output has enough", async () => {
    const db = join(folder, "closed.db");
    using store = createTelemetryStore({ dbPath: db });
    store.record(executionCompleted());
    const write = () => Promise.reject(new OutputClosedError());
    expect(await runCli(["executions", "--db", db], { write })).toEqual({ exitCode: 0, out: "", err: "" });
    expect(await runCli(["--help"], { write })).toEqual({ exitCode: 0, out: "", err: "" });
  });
});

describe("the ledger", () => {
  const before = { path: process.env["TELEMETRY_DB_PATH"], folder: process.cwd() };
  afterEach(() => {
    process.env["TELEMETRY_DB_PATH"] = before.path ?? "";
    process.chdir(before.folder);
  });

  test("is --db, else TELEMETRY_DB_PATH, else ./data/telemetry.db", async () => {
    const pathIn = async (...args: string[]) =>
      /at (.*\.db)\./.exec((await runCli(["executions", ...args])).err)?.[1];
    process.env["TELEMETRY_DB_PATH"] = join(folder, "by-environment.db");
    expect(await pathIn("--db", nowhere)).toBe(nowhere);
    expect(await pathIn()).toBe(join(folder, "by-environment.db"));
    process.env["TELEMETRY_DB_PATH"] = "";
    // `bun start` makes a ledger in the project's own folder.
    process.chdir(folder);
    expect(await pathIn()).toBe("./data/telemetry.db");
  });
});
