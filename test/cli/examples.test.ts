import { expect, test } from "bun:test";
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createProgram } from "../../src/cli/program";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { commandLine } from "../support/dist";
import { fakeTerminal, runCli } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";

const MAIN = commandLine();
const COMMANDS = (await createProgram(fakeTerminal(), () => {})).commands.map((command) => command.name());
const folder = tempDir();

/** A folder as an application's, with a small ledger, and with `runledger` among its commands. */
function makeProject(): string {
  const project = join(folder, "project");
  mkdirSync(join(project, "bin"), { recursive: true });
  writeFileSync(join(project, "bin", "runledger"), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  chmodSync(join(project, "bin", "runledger"), 0o755);
  writeFileSync(join(project, "runs.jsonl"), `${JSON.stringify(executionCompleted())}\n`);
  const config = `export default { budgets: [{ name: "all", limitUsd: 500, per: "month" }] };\n`;
  const transcript = join(project, ".claude/projects/-app/0199f0c2.jsonl");
  for (const [file, text] of [
    [join(project, "runledger.config.ts"), config],
    [join(project, "ops/budgets.ts"), config],
    [transcript, "{}\n"],
  ] as const) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  for (const name of ["data/telemetry.db", "telemetry.2026-01-31.db"]) {
    using store = createTelemetryStore({ dbPath: join(project, name) });
    store.recordMany([
      executionCompleted({ executionId: "0199f0c2-7d1e" }),
      executionCompleted({ conclusion: "failure" }),
    ]);
  }
  return project;
}

const project = makeProject();
const examples = (
  await Promise.all(
    COMMANDS.map(async (name) => (await runCli([name, "--help"])).out.match(/(?<=^ {2}\$ ).*$/gm) ?? []),
  )
).flat();

test("every command has two examples", () => {
  expect(examples).toHaveLength(COMMANDS.length * 2);
});

// What needs a server, or is one, is run elsewhere: in test/forward and test/dashboard.
const runnable = examples.filter((example) => !/^runledger (forward|dashboard)/.test(example));

test.each(runnable)("the example runs: %s", async (example) => {
  const copy = join(folder, Bun.randomUUIDv7());
  cpSync(project, copy, { recursive: true });
  const child = Bun.spawn(["bash", "-c", `set -o pipefail; ${example}`], {
    cwd: copy,
    env: { ...process.env, HOME: copy, PATH: `${copy}/bin:${process.env["PATH"]}`, TELEMETRY_DB_PATH: "" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect({ exitCode: await child.exited, err }).toEqual({ exitCode: 0, err: "" });
  // What it says is printed, or in the file that it names.
  const [, file] = /(?:--out|>) (\S+)$/.exec(example) ?? [];
  const said = file === undefined ? out : await Bun.file(join(copy, file)).text();
  if (!example.startsWith("runledger incidents --kind")) expect(said.trim()).not.toBe("");
});
