import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { makeGoldenLedger } from "../support/golden-ledger";
import { tempDir } from "../support/temp-dir";

const MAIN = resolve(import.meta.dir, "../../src/cli/main.ts");
const GOLDEN = resolve(import.meta.dir, "../golden");
const PERIOD = ["--since", "2026-10-01", "--until", "2026-10-09"];
/** With UPDATE_GOLDEN=1 what is expected becomes what there is: look at the difference before it is committed. */
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

const folder = tempDir();
makeGoldenLedger(join(folder, "ledger.db"));

/** What `runledger report` on the golden ledger prints, the time of its making aside. */
async function report(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = Bun.spawn([process.execPath, MAIN, "report", "--db", "ledger.db", ...PERIOD, ...args], {
    cwd: folder,
    env: { ...process.env, COLUMNS: "80", NO_COLOR: "1", FORCE_COLOR: "", TZ: "UTC", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect({ stderr, exitCode: child.exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout.replace(/"generatedAt": "[^"]+"/, '"generatedAt": "…"');
}

async function expectGolden(file: string, actual: string): Promise<void> {
  const path = join(GOLDEN, file);
  if (isUpdate) await Bun.write(path, actual);
  expect(actual).toBe(await Bun.file(path).text());
}

describe.each([
  ["report", []],
  ["report-by-repo", ["--by", "repo", "--sort", "executions", "--limit", "4"]],
  ["report-by-day-model", ["--by", "day,model"]],
])("%s", (name, args) => {
  test.each([80, 120])("as text in %d columns", async (columns) => {
    await expectGolden(`${name}.${columns}.txt`, await report(args, { COLUMNS: `${columns}` }));
  });

  test.each(["json", "csv", "markdown"])("as %s, in every locale and terminal", async (format) => {
    const extension = format === "markdown" ? "md" : format;
    await expectGolden(`${name}.${extension}`, await report([...args, `--${format}`]));
    const elsewhere = { TZ: "Asia/Tokyo", LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8", COLUMNS: "40" };
    const coloured = { ...elsewhere, NO_COLOR: "", FORCE_COLOR: "1" };
    await expectGolden(`${name}.${extension}`, await report([...args, `--${format}`], coloured));
  });
});
