import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { commandLine } from "../support/dist";
import { runCli } from "../support/fake-terminal";
import { makeGoldenLedger } from "../support/golden-ledger";
import { runScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const MAIN = commandLine();
const GOLDEN = resolve(import.meta.dir, "../golden");
/** With UPDATE_GOLDEN=1 what is expected becomes what there is: look at the difference before it is committed. */
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

const db = join(tempDir(), "ledger.db");
makeGoldenLedger(db);
const REPORT = ["report", "--db", db, "--since", "2026-10-01", "--until", "2026-10-09"];

/** What `runledger report` on the golden ledger prints, its path and the time of its making aside. */
async function report(args: readonly string[], columns = 80): Promise<string> {
  const { exitCode, out, err } = await runCli([...REPORT, ...args], { columns });
  expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
  return withoutCircumstances(out);
}

/** The same, by a process far away. */
async function reportElsewhere(args: readonly string[]): Promise<string> {
  const elsewhere = { TZ: "Asia/Tokyo", LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8" };
  const coloured = { COLUMNS: "40", NO_COLOR: "", FORCE_COLOR: "1" };
  const { exitCode, stdout, stderr } = await runScript(MAIN, [...REPORT, ...args], {
    ...elsewhere,
    ...coloured,
  });
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return withoutCircumstances(stdout);
}

function withoutCircumstances(text: string): string {
  return text.replaceAll(db, "ledger.db").replace(/"generatedAt": "[^"]+"/, '"generatedAt": "…"');
}

async function expectGolden(file: string, actual: string): Promise<void> {
  const path = join(GOLDEN, file);
  if (isUpdate) await Bun.write(path, actual);
  expect(actual).toBe(await Bun.file(path).text());
}

describe.each([
  ["report", []],
  ["report-by-repo", ["--by", "repo", "--sort", "executions", "--limit", "4"]],
  ["report-by-team", ["--by", "label:team"]],
  ["report-by-team-model", ["--by", "label:team,model"]],
  ["report-by-day-model", ["--by", "day,model"]],
])("%s", (name, args) => {
  test.each([60, 80, 120])("as text in %d columns", async (columns) => {
    await expectGolden(`${name}.${columns}.txt`, await report(args, columns));
  });

  test.each(["json", "csv", "markdown"])("as %s, in every locale and terminal", async (format) => {
    const extension = format === "markdown" ? "md" : format;
    await expectGolden(`${name}.${extension}`, await report([...args, `--${format}`]));
    await expectGolden(`${name}.${extension}`, await reportElsewhere([...args, `--${format}`]));
  });
});

describe("report --pivot", () => {
  const pivot = ["--by", "model,day", "--pivot"];

  test.each([60, 80, 120])("as text in %d columns", async (columns) => {
    await expectGolden(`pivot.${columns}.txt`, await report(pivot, columns));
  });

  test.each(["csv", "markdown"])("as %s", async (format) => {
    const extension = format === "markdown" ? "md" : format;
    await expectGolden(`pivot.${extension}`, await report([...pivot, `--${format}`]));
  });
});
