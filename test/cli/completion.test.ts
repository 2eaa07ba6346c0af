import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createProgram } from "../../src/cli/program";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { commandLine } from "../support/dist";
import { fakeTerminal, runCli } from "../support/fake-terminal";
import { makeGoldenLedger } from "../support/golden-ledger";
import { tempDir } from "../support/temp-dir";

const MAIN = commandLine();
const folder = tempDir();
const COMMANDS = (await createProgram(fakeTerminal(), () => {})).commands;
const scriptFor = async (shell: string) => (await runCli(["completion", shell])).out;

/** Runs a shell on a script; what it printed, and its exit code. */
async function shell(
  command: string[],
  input: string,
): Promise<{ exitCode: number; out: string; err: string }> {
  const child = Bun.spawn(command, { cwd: folder, stdin: new Blob([input]), stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, out, err };
}

describe("the completion of bash", () => {
  const script = scriptFor("bash");

  /** What bash offers for the last of these words. */
  async function offered(...words: string[]): Promise<string[]> {
    const list = words.map((word) => `'${word}'`).join(" ");
    const { err, out } = await shell(
      ["bash", "--norc"],
      `${await script}
      complete -p runledger >/dev/null || exit 1
      COMP_WORDS=(runledger ${list}); COMP_CWORD=${words.length}; _runledger; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    expect(err).toBe("");
    return out.split("\n").filter((line) => line !== "");
  }

  test("is a script that bash can parse", async () => {
    expect(await shell(["bash", "-n"], await script)).toEqual({ exitCode: 0, out: "", err: "" });
  });

  test("offers commands, options and their values", async () => {
    expect(await offered("")).toEqual([...COMMANDS.map((command) => command.name()), "--version", "--help"]);
    expect(await offered("ex")).toEqual(["executions", "export"]);
    expect(await offered("purge", "--")).toEqual(["--older-than", "--db", "--dry-run", "--help"]);
    expect(await offered("export", "--format", "")).toEqual(["jsonl", "csv", "parquet"]);
    expect(await offered("incidents", "--kind", "d")).toEqual(["dropped", "degraded"]);
    expect(await offered("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(await offered("report", "--since", "")).toEqual([]);
    expect(await offered("doctor", "")).toEqual([]);
  });

  test("offers keys, and names that the ledger has, of the ledger that is named", async () => {
    expect(await offered("report", "--by", "mo")).toEqual(["month", "model"]);
    expect(await offered("report", "--sort", "cache")).toEqual(["cache-read", "cache-write"]);
    const db = join(folder, "names.db");
    makeGoldenLedger(db);
    const runner = `runledger() { "${process.execPath}" "${MAIN}" "$@"; }`;
    const names = async (...words: string[]) => {
      const list = words.map((word) => `'${word}'`).join(" ");
      const { err, out } = await shell(
        ["bash", "--norc"],
        `${runner}
        ${await script}
        COMP_WORDS=(runledger ${list}); COMP_CWORD=${words.length}; _runledger; printf '%s\\n' "\${COMPREPLY[@]}"`,
      );
      expect(err).toBe("");
      return out.split("\n").filter((line) => line !== "");
    };
    // Names that a shell would have to quote are left out.
    expect(await names("report", "--db", db, "--model", "")).toEqual([
      "claude-haiku-4-5",
      "claude-sonnet-4-5",
    ]);
    expect(await names("executions", "--db", db, "--repo", "light")).toEqual([
      "lighthouse/beacon",
      "lighthouse/keeper",
    ]);
    expect(await names("export", "--db", db, "--event-type", "push")).toEqual(["push"]);
    expect(await names("report", "--db", join(folder, "none.db"), "--model", "")).toEqual([]);
  });

  test("offers files where files are wanted, spaces in their names included", async () => {
    writeFileSync(join(folder, "my runs.jsonl"), "");
    writeFileSync(join(folder, "my.db"), "");
    expect((await offered("import", "my")).sort()).toEqual(["my runs.jsonl", "my.db"]);
    expect((await offered("report", "--db", "my.")).sort()).toEqual(["my.db"]);
  });
});

describe.each(["bash", "zsh", "fish"])("the completion of %s", (name) => {
  test("knows every command and every option", async () => {
    const script = await scriptFor(name);
    for (const command of COMMANDS) {
      expect(script).toContain(command.name());
      const longs = command.options.map(({ long = "" }) => (name === "fish" ? `-l ${long.slice(2)} ` : long));
      expect(longs.filter((long) => !script.includes(long))).toEqual([]);
    }
  });

  test.skipIf(Bun.which(name) === null)(
    "is parsed by the shell (skipped where it is not installed)",
    async () => {
      expect(await shell([name, "-n"], await scriptFor(name))).toMatchObject({ exitCode: 0, err: "" });
    },
  );

  test("has its quotes in pairs", async () => {
    for (const line of (await scriptFor(name)).split("\n").filter((line) => !line.includes("$'"))) {
      expect({
        line,
        quotes: (line.replaceAll("'\\''", "").replaceAll("\\'", "").match(/'/g)?.length ?? 0) % 2,
      }).toEqual({ line, quotes: 0 });
    }
  });
});

test("--names prints the names that need no quotes, and of a ledger that can't be read none", async () => {
  const db = join(folder, "few.db");
  {
    using store = createTelemetryStore({ dbPath: db });
    for (const model of ["b", "two words", "a"]) store.record(executionCompleted({ model }));
  }
  expect((await runCli(["completion", "--names", "model", "--db", db])).out).toBe("a\nb\n");
  expect((await runCli(["completion", "--names", "model", "--db", `${db}.none`])).out).toBe("");
});

test("without a shell it is wrong usage, as are names of no kind", async () => {
  expect(await runCli(["completion"])).toMatchObject({
    exitCode: 2,
    err: "runledger: Name a shell: bash, zsh, fish.\n",
  });
  expect((await runCli(["completion", "--names", "colour"])).exitCode).toBe(2);
});

test("another shell is wrong usage", async () => {
  const { exitCode, err } = await runCli(["completion", "powershell"]);
  expect(exitCode).toBe(2);
  expect(err).toMatch(/^runledger: .*Allowed choices are bash, zsh, fish\.\n$/);
});
