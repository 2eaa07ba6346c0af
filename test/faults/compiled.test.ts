import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { expectAccounted, printedStats } from "../support/accounting";
import { countRows, filesBeside, flawsOf, newPlace, spilledLines } from "../support/place";
import { tempDir } from "../support/temp-dir";

const EVENTS = 10_000;
const ROOT = resolve(import.meta.dir, "../..");
const APP = join(ROOT, "test/process/compiled-app.ts");
/** For a user, in node_modules/runledger. */
const WRITER_FOLDER = join(ROOT, "src/writer");
const dir = tempDir();

/** Compiles the application, runs it, and gives its log. */
async function compileAndRun(name: string, ...parameters: readonly string[]): Promise<unknown[]> {
  const place = newPlace(dir);
  const executable = join(dir, name);
  const built = Bun.spawnSync(
    [process.execPath, "build", "--compile", ...parameters, "--outfile", executable],
    { cwd: dir },
  );
  expect({ exitCode: built.exitCode, stderr: `${built.stderr}` }).toMatchObject({ exitCode: 0 });
  const run = Bun.spawnSync([executable, place.dbPath, `${EVENTS}`], {
    env: { ...process.env, ...place.environment },
  });
  expect(run.exitCode).toBe(0);
  expectAccounted(printedStats(`${run.stdout}`), EVENTS);
  expect(printedStats(`${run.stdout}`)).toMatchObject({ written: EVENTS });
  expect(countRows(place.dbPath)).toBe(EVENTS);
  expect(spilledLines(place)).toEqual([]);
  expect(filesBeside(place.dbPath)).toEqual(["telemetry.db"]);
  expect(flawsOf(place.dbPath)).toEqual([]);
  return `${run.stderr}`
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}

describe("an application compiled to one executable", () => {
  test("writes its ledger on its own thread, and says so in exactly one line of the log", async () => {
    expect(await compileAndRun("as-it-is", APP)).toEqual([
      expect.objectContaining({
        level: 40,
        msg: expect.stringContaining("the writer's thread can't be started"),
      }),
    ]);
  }, 30_000);

  test("with the writer's thread as a second entry point and its folder as --root, writes from that thread, and says nothing", async () => {
    const writer = join(WRITER_FOLDER, "writer-thread.ts");
    expect(await compileAndRun("with-thread", "--root", WRITER_FOLDER, APP, writer)).toEqual([]);
  }, 30_000);
});
