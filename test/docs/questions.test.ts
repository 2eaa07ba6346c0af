import { afterAll, beforeAll, expect, setSystemTime, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pageOf, ROOT } from "../support/docs";
import { runCli } from "../support/fake-terminal";
import { ASKED_AT, makeQuestionsLedger } from "../support/questions-ledger";
import { tempDir } from "../support/temp-dir";

const PAGE = "docs/questions.md";
/** With UPDATE_GOLDEN=1 the page gets what the commands print: look at the difference before it is committed. */
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

const folder = tempDir();
const folderBefore = process.cwd();
const pathBefore = process.env["TELEMETRY_DB_PATH"];

beforeAll(() => {
  setSystemTime(ASKED_AT);
  mkdirSync(join(folder, "data"));
  makeQuestionsLedger(join(folder, "data", "telemetry.db"));
  // The commands name no ledger: they print the path of the default one.
  delete process.env["TELEMETRY_DB_PATH"];
  process.chdir(folder);
});
afterAll(() => {
  setSystemTime();
  process.chdir(folderBefore);
  if (pathBefore !== undefined) process.env["TELEMETRY_DB_PATH"] = pathBefore;
});

test("every command of the page prints what the page says", async () => {
  const page = pageOf(PAGE);
  const answered: string[] = [];
  let isAnswer = false;
  for (const line of page.split("\n")) {
    const [, command] = /^ {4}\$ runledger (.*)$/.exec(line) ?? [];
    // What a command prints is indented too, and may have empty lines in it.
    isAnswer &&= command === undefined && (line === "" || line.startsWith("    "));
    if (!isAnswer) answered.push(line);
    if (command === undefined) continue;
    answered.push(await answerTo(command));
    isAnswer = true;
  }
  if (isUpdate) await Bun.write(join(ROOT, PAGE), answered.join("\n"));
  expect(page).toBe(answered.join("\n"));
});

/** Indented as code, with an empty line behind it. */
async function answerTo(command: string): Promise<string> {
  const { exitCode, out, err } = await runCli(command.split(" "));
  expect({ command, exitCode, err }).toEqual({ command, exitCode: 0, err: "" });
  return out.replace(/^(?=.)/gm, "    ");
}
