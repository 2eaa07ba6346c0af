import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { filesBeside, newPlace } from "../support/place";
import { copyScript, createProject, runBun } from "../support/project";
import { tempDir } from "../support/temp-dir";

const SCRIPT = "test/process/dashboard-app.ts";
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
  await runBun(project, "build", "--target=bun", app, "--outfile", bundle);
  await runBun(project, "build", "--compile", app, "--outfile", executable);
});

test("what the page is made of is not installed with the package", () => {
  expect(existsSync(join(project, "node_modules", "runledger"))).toBe(true);
  for (const name of ["preact", "uplot"]) expect(existsSync(join(project, "node_modules", name))).toBe(false);
});

describe("the dashboard serves its page, and nothing is logged,", () => {
  test.each([
    ["from source", [process.execPath, ...FROM_SOURCE, join(ROOT, SCRIPT)]],
    ["from the installed package", [process.execPath, join(project, "app.ts")]],
    ["in an application's bundle", [process.execPath, bundle]],
    ["in an application compiled to one executable", [executable]],
  ])("%s", (_, command) => {
    const place = newPlace(dir);
    // Away from the project: what is bundled needs nothing of it.
    const run = Bun.spawnSync([...command, place.dbPath], {
      cwd: dir,
      env: { ...process.env, ...place.environment },
    });
    expect({ exitCode: run.exitCode, stderr: `${run.stderr}` }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(`${run.stdout}`)).toEqual({
      types: ["image/svg+xml", "text/css; charset=utf-8", "text/javascript; charset=utf-8"],
      costUsd: 0.25,
      restarts: 0,
    });
    expect(filesBeside(place.dbPath)).toEqual(["telemetry.db"]);
  });
});
