import { beforeAll, describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { expectAccounted, printedStats } from "../support/accounting";
import { tries } from "../support/effort";
import { countRows, filesBeside, flawsOf, newPlace, spilledLines } from "../support/place";
import { copyScript, createProject, runBun } from "../support/project";
import { tempDir } from "../support/temp-dir";

const EVENTS = tries(2_000, 10_000);
const SCRIPT = "test/process/packaged-app.ts";
const ROOT = resolve(import.meta.dir, "../..");
/** Elsewhere in the tests, scripts run the built package. */
const FROM_SOURCE = ["--tsconfig-override", join(ROOT, "tsconfig.json")];
const dir = tempDir();
const project = join(dir, "project");
const bundle = join(project, "bundle.js");
const executable = join(project, "executable");

beforeAll(async () => {
  await createProject(project);
  const app = copyScript(project, SCRIPT);
  await runBun(project, "build", "--target=bun", "--minify", app, "--outfile", bundle);
  await runBun(project, "build", "--compile", app, "--outfile", executable);
});

describe("the writer and budgets have threads of their own, and nothing is logged,", () => {
  test.each([
    ["from source", [process.execPath, ...FROM_SOURCE, join(ROOT, SCRIPT)]],
    ["from the installed package", [process.execPath, join(project, "app.ts")]],
    ["in an application's bundle", [process.execPath, bundle]],
    ["in an application compiled to one executable", [executable]],
  ])("%s", (_, command) => {
    const place = newPlace(dir);
    // Away from the project: what is bundled needs nothing of it.
    const run = Bun.spawnSync([...command, place.dbPath, `${EVENTS}`], {
      cwd: dir,
      env: { ...process.env, ...place.environment },
    });
    expect({ exitCode: run.exitCode, stderr: `${run.stderr}` }).toEqual({ exitCode: 0, stderr: "" });
    const [budgets = ""] = `${run.stdout}`.split("\n");
    expect(JSON.parse(budgets)).toEqual({ pending: 0, restarts: 0, state: "open" });
    expectAccounted(printedStats(`${run.stdout}`), EVENTS);
    expect(printedStats(`${run.stdout}`)).toMatchObject({ written: EVENTS, restarts: 0 });
    expect(countRows(place.dbPath)).toBe(EVENTS);
    expect(spilledLines(place)).toEqual([]);
    expect(filesBeside(place.dbPath)).toEqual(["telemetry.db"]);
    expect(flawsOf(place.dbPath)).toEqual([]);
  });
});
