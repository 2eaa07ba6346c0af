import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expectAccounted, printedStats } from "../support/accounting";
import { tries } from "../support/effort";
import { countRows, filesBeside, flawsOf, newPlace, type Place, spilledLines } from "../support/place";
import { copyScript, createProject, runBun } from "../support/project";
import { tempDir } from "../support/temp-dir";

const EVENTS = tries(2_000, 10_000);
const ROOT = resolve(import.meta.dir, "../..");
/** Elsewhere in the tests, scripts run the built package. */
const FROM_SOURCE = ["--tsconfig-override", join(ROOT, "tsconfig.json")];
const dir = tempDir();
const project = join(dir, "project");
beforeAll(() => createProject(project));

/** The ways to run a script that imports the package. */
const WAYS = [
  "from source",
  "from the installed package",
  "in an application's bundle",
  "in an application compiled to one executable",
] as const;

/** Builds a script of test/process as an application of the project; returns how to run it in each way. */
async function buildAs(name: string, script: string, bundling: readonly string[] = []) {
  const app = copyScript(project, script, `${name}.ts`);
  const [bundle, executable] = [join(project, `${name}.bundle.js`), join(project, `${name}-executable`)];
  await runBun(project, "build", "--target=bun", ...bundling, app, "--outfile", bundle);
  await runBun(project, "build", "--compile", app, "--outfile", executable);
  return {
    "from source": [process.execPath, ...FROM_SOURCE, join(ROOT, script)],
    "from the installed package": [process.execPath, app],
    "in an application's bundle": [process.execPath, bundle],
    "in an application compiled to one executable": [executable],
  };
}

/** Runs a command away from the project: what is bundled needs nothing of it. Gives what it prints. */
function runOn({ dbPath, environment }: Place, command: readonly string[]): string {
  const run = Bun.spawnSync([...command], { cwd: dir, env: { ...process.env, ...environment } });
  expect({ exitCode: run.exitCode, stderr: `${run.stderr}` }).toEqual({ exitCode: 0, stderr: "" });
  expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
  return `${run.stdout}`;
}

describe("the writer and budgets have threads of their own, and nothing is logged,", () => {
  let commands: Awaited<ReturnType<typeof buildAs>>;
  beforeAll(async () => {
    commands = await buildAs("records", "test/process/packaged-app.ts", ["--minify"]);
  });

  test.each(WAYS)("%s", (way) => {
    const place = newPlace(dir);
    const printed = runOn(place, [...commands[way], place.dbPath, `${EVENTS}`]);
    const [budgets = ""] = printed.split("\n");
    expect(JSON.parse(budgets)).toEqual({ pending: 0, restarts: 0, state: "open" });
    expectAccounted(printedStats(printed), EVENTS);
    expect(printedStats(printed)).toMatchObject({ written: EVENTS, restarts: 0 });
    expect(countRows(place.dbPath)).toBe(EVENTS);
    expect(spilledLines(place)).toEqual([]);
    expect(flawsOf(place.dbPath)).toEqual([]);
  });
});

test("what the dashboard's page is made of is not installed with the package", () => {
  expect(existsSync(join(project, "node_modules", "runledger"))).toBe(true);
  for (const name of ["preact", "uplot"]) expect(existsSync(join(project, "node_modules", name))).toBe(false);
});

describe("the dashboard serves its page, and nothing is logged,", () => {
  let commands: Awaited<ReturnType<typeof buildAs>>;
  beforeAll(async () => {
    commands = await buildAs("dashboard", "test/process/dashboard-app.ts");
  });

  test.each(WAYS)("%s", (way) => {
    const place = newPlace(dir);
    expect(JSON.parse(runOn(place, [...commands[way], place.dbPath]))).toEqual({
      types: ["image/svg+xml", "text/css; charset=utf-8", "text/javascript; charset=utf-8"],
      costUsd: 0.25,
      restarts: 0,
    });
  });
});
