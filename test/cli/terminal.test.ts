import { describe, expect, mock, spyOn, test } from "bun:test";
import { join } from "node:path";
import { OutputClosedError, processTerminal, wantsColor } from "../../src/cli/terminal";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { commandLine } from "../support/dist";
import { runCli } from "../support/fake-terminal";
import { startScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const MAIN = commandLine();
const PLAIN = { COLUMNS: "80", NO_COLOR: "1", FORCE_COLOR: "", TZ: "UTC", LANG: "C" };

const folder = tempDir();
const db = join(folder, "telemetry.db");
using store = createTelemetryStore({ dbPath: db });
store.recordMany(
  Array.from({ length: 20_000 }, (_, index) =>
    executionCompleted({
      executionId: `e${index}`,
      completedAt: Date.UTC(2026, 0, 1) + index,
      conclusion: "failure",
    }),
  ),
);

async function shell(script: string, env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn(
    ["bash", "-c", `runledger() { "${process.execPath}" "${MAIN}" "$@"; }; ${script}`],
    {
      env: { ...process.env, ...PLAIN, TELEMETRY_DB_PATH: db, ...env },
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, out, err };
}

test("colours are for terminals, without NO_COLOR; FORCE_COLOR wants them anywhere", () => {
  expect(wantsColor({}, true)).toBe(true);
  expect(wantsColor({}, false)).toBe(false);
  expect(wantsColor({ NO_COLOR: "" }, true)).toBe(true);
  expect(wantsColor({ NO_COLOR: "1" }, true)).toBe(false);
  expect(wantsColor({ FORCE_COLOR: "1" }, false)).toBe(true);
  expect(wantsColor({ FORCE_COLOR: "0" }, true)).toBe(false);
  expect(wantsColor({ FORCE_COLOR: "false" }, true)).toBe(false);
  expect(wantsColor({ NO_COLOR: "1", FORCE_COLOR: "1" }, true)).toBe(false);
});

describe("the process's terminal", () => {
  test("takes its width from COLUMNS", () => {
    const before = process.env["COLUMNS"];
    const widthFor = (columns: string) => {
      process.env["COLUMNS"] = columns;
      return processTerminal().columns;
    };
    expect(widthFor("123")).toBe(123);
    for (const nonsense of ["", "0", "-3", "wide"])
      expect(widthFor(nonsense)).toBe(process.stdout.columns || 80);
    process.env["COLUMNS"] = before ?? "";
  });

  test("is 80 columns wide where nobody knows: some terminals say 0", () => {
    const before = process.env["COLUMNS"];
    process.env["COLUMNS"] = "";
    const known = Object.getOwnPropertyDescriptor(process.stdout, "columns");
    Object.defineProperty(process.stdout, "columns", { value: 0, configurable: true });
    expect(processTerminal().columns).toBe(80);
    Reflect.deleteProperty(process.stdout, "columns");
    if (known !== undefined) Object.defineProperty(process.stdout, "columns", known);
    process.env["COLUMNS"] = before ?? "";
  });

  test("says that nobody reads it any more", async () => {
    const failing = (code: string) =>
      spyOn(Bun.stdout, "writer").mockReturnValue({
        write: () => Promise.reject(Object.assign(new Error("no"), { code })),
      } as unknown as ReturnType<typeof Bun.stdout.writer>);
    try {
      failing("EPIPE");
      expect(processTerminal().write("x")).rejects.toBeInstanceOf(OutputClosedError);
      failing("ENOSPC");
      expect(processTerminal().write("x")).rejects.toThrow("no");
    } finally {
      mock.restore();
    }
  });

  test("writes, and has its interruption", async () => {
    const terminal = processTerminal();
    await terminal.write("");
    terminal.writeError("");
    process.stderr.emit("error", new Error("nobody reads it"));
    expect(terminal.isErrorTerminal).toBe(process.stderr.isTTY === true);
    expect(terminal.input()).toBeInstanceOf(ReadableStream);
    const signal = terminal.interruption();
    expect(signal.aborted).toBe(false);
    process.emit("SIGINT");
    expect(signal.aborted).toBe(true);
  });
});

describe("as a process", () => {
  test("a reader that has enough ends it quietly", async () => {
    for (const command of ["executions --json", "executions --csv", "export", "executions --limit 20000"]) {
      const { out, err, exitCode } = await shell(`set -o pipefail; runledger ${command} | head -n 1`);
      expect({ command, lines: out.match(/\n/g)?.length, err, exitCode }).toEqual({
        command,
        lines: 1,
        err: "",
        exitCode: 0,
      });
    }
  });

  test("a slow reader gets everything", async () => {
    const { out, exitCode } = await shell("set -o pipefail; runledger export | (sleep 0.3; wc -l)");
    expect({ lines: Number(out), exitCode }).toEqual({ lines: 20_000, exitCode: 0 });
  });

  test("a full disk is a failure, in one line", async () => {
    const { err, exitCode } = await shell("runledger export > /dev/full");
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^runledger: .*ENOSPC.*\n$/);
  });

  test("text on a pipe has no colours, unless they are forced; JSON and CSV never have any", async () => {
    const listing = "runledger executions --limit 3";
    const plain = await shell(listing, { NO_COLOR: "" });
    expect(plain.out).not.toContain("\x1b");
    expect((await shell(listing, { NO_COLOR: "", FORCE_COLOR: "1" })).out).toContain("\x1b[31mfailure");
    const json = await shell(`${listing} --json`, { NO_COLOR: "", FORCE_COLOR: "1" });
    expect(json.out).toBe((await shell(`${listing} --json`)).out);
  });

  test("nothing depends on the locale or the zone", async () => {
    for (const command of [
      "executions --limit 3",
      "executions --limit 3 --csv",
      "incidents",
      "purge --older-than 1d --dry-run",
    ]) {
      const { out } = await runCli([...command.split(" "), "--db", db]);
      const elsewhere = { TZ: "Asia/Tokyo", LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8" };
      expect(await shell(`runledger ${command}`, elsewhere)).toMatchObject({ out, exitCode: 0 });
    }
  });

  test("an interrupt ends --follow with exit code 0", async () => {
    const { out: line } = await runCli(["executions", "--limit", "1", "--json", "--db", db]);
    const following = startScript(
      MAIN,
      ["executions", "--follow", "--limit", "1", "--json", "--db", db],
      PLAIN,
    );
    await following.waitForLine(line.trimEnd());
    following.process.kill("SIGINT");
    expect(await following.finished).toMatchObject({ exitCode: 0, signalCode: null, stderr: "" });
  });
});
