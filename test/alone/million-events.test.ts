import { expect, test } from "bun:test";
import { expectAccounted } from "../support/accounting";
import { tries } from "../support/effort";
import { countRows, flawsOf, newPlace, spilledLines } from "../support/place";
import { startScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const EVENTS = tries(200_000, 1_000_000);
const MIB = 1 << 20;
/** By how much resident memory may grow while the events are emitted and written. */
const HIGHEST_GROWTH = 150 * MIB;
/** How much of it may be left when everything is written: the allocators keep some for the next time. */
const FINAL_GROWTH = 75 * MIB;
const dir = tempDir();

test(`${EVENTS.toLocaleString("en")} events at full speed are all rows after flush(), and resident memory grows by less than 150 MiB and comes back`, async () => {
  const place = newPlace(dir);
  const script = startScript("million-events.ts", [place.dbPath, `${EVENTS}`], place.environment);
  const { exitCode, stdout } = await script.finished;
  expect(exitCode).toBe(0);
  const { stats, idleBytes, highestBytes, finalBytes } = JSON.parse(stdout);
  expectAccounted(stats, EVENTS);
  expect(stats).toMatchObject({ queued: 0, dropped: 0, duplicates: 0, rejected: 0, takenIn: stats.spilled });
  expect(countRows(place.dbPath)).toBe(EVENTS);
  expect(spilledLines(place)).toEqual([]);
  expect(flawsOf(place.dbPath)).toEqual([]);
  expect(Math.round((highestBytes - idleBytes) / MIB)).toBeLessThan(HIGHEST_GROWTH / MIB);
  expect(Math.round((finalBytes - idleBytes) / MIB)).toBeLessThan(FINAL_GROWTH / MIB);
});
