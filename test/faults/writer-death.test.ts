import { expect, test } from "bun:test";
import { expectAccounted, printedStats } from "../support/accounting";
import { tries } from "../support/effort";
import { flawsOf, newPlace, spilledLines, storedIds } from "../support/place";
import { runScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const EVENTS = 20_000;
const TERMINATIONS = tries(4, 10);
const dir = tempDir();

test("a writer whose thread is terminated in mid-batch, again and again while events flow, stores each exactly once", async () => {
  const place = newPlace(dir);
  const { exitCode, stdout } = await runScript(
    "writer-terminated.ts",
    [place.dbPath, `${EVENTS}`, `${TERMINATIONS}`],
    place.environment,
  );
  expect(exitCode).toBe(0);
  expect(stdout.split("\n")[0]).toBe(`${TERMINATIONS}`);
  const stats = printedStats(stdout);
  expect(stats).toMatchObject({ restarts: TERMINATIONS, rejected: 0, spilled: 0, dropped: 0, queued: 0 });
  expectAccounted(stats, EVENTS);
  // What was committed and not yet acknowledged counts as a duplicate when it is written again.
  const ids = storedIds(place.dbPath);
  expect(ids).toHaveLength(EVENTS);
  expect(new Set(ids).size).toBe(EVENTS);
  expect(spilledLines(place)).toEqual([]);
  expect(flawsOf(place.dbPath)).toEqual([]);
});
