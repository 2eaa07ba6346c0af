import { expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expectAccounted, printedStats } from "../support/accounting";
import {
  countRows,
  filesBeside,
  flawsOf,
  newPlace,
  type Place,
  spilledLines,
  storedIds,
} from "../support/place";
import { type RunningScript, runScript, startScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

/** As many processes run at a time. Five on two cores hold each other up for more than they may lose. */
const LEDGERS = 2;
const KILLS_PER_LEDGER = 25;
const LONGEST_LIFE_MS = 400;
/** What a kill may cost: events of the last so many milliseconds. */
const LAST_MS = 50;
const EVENTS_AFTERWARDS = 100;
// A kill takes nothing from the page cache, so a disk in memory will do. On a real one, what other programs sync at the
// same time would hold up the writer's checkpoints, and be measured instead.
const dir = tempDir(existsSync("/dev/shm") ? "/dev/shm" : undefined);

test("of 50 processes killed at a random moment, each at one event a millisecond, every flushed event is kept, at most the last 50 ms are missing, and the next start takes over", async () => {
  const places = Array.from({ length: LEDGERS }, () => newPlace(dir));
  const kept = new Map(places.map((place) => [place, 0]));
  for (let round = 1; round <= KILLS_PER_LEDGER; round += 1) {
    const prefix = `round-${round}`;
    for (const [place, stdout] of await killAll(places, prefix))
      kept.set(place, (kept.get(place) ?? 0) + expectKept(place, prefix, stdout));
  }
  await Promise.all(Array.from(kept, ([place, rows]) => expectTakenOver(place, rows)));
}, 90_000);

/**
 * Runs a process on each ledger, which others before it may have left, and kills it; gives what it had printed.
 * None is started or looked at while others run: on two cores that would be measured instead.
 */
async function killAll(places: readonly Place[], prefix: string): Promise<[Place, string][]> {
  const scripts = places.map((place): [Place, RunningScript] => [
    place,
    startScript("emit-until-killed.ts", [place.dbPath, prefix], place.environment),
  ]);
  try {
    await Promise.all(scripts.map(([, script]) => script.waitForLine("ready")));
    for (const [, script] of scripts) script.process.kill("SIGUSR2");
    await Promise.all(
      scripts.map(async ([, script]) => {
        await Bun.sleep(Math.random() * LONGEST_LIFE_MS);
        script.process.kill("SIGKILL");
      }),
    );
  } finally {
    for (const [, script] of scripts) script.process.kill("SIGKILL");
  }
  return Promise.all(
    scripts.map(async ([place, script]): Promise<[Place, string]> => {
      const { signalCode, stdout, stderr } = await script.finished;
      expect({ signalCode, stderr }).toEqual({ signalCode: "SIGKILL", stderr: "" });
      return [place, stdout];
    }),
  );
}

/** Compares what a killed process had printed with what is in its ledger; returns how many of its events are. */
function expectKept(place: Place, prefix: string, stdout: string): number {
  const lines = stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split(" "));
  const flushed = lines.findLast(([what]) => what === "flushed")?.[1] ?? 0;
  const emitted = lines
    .filter(([what]) => what === "emitted")
    .map(([, number, atMs]) => ({ number: Number(number), atMs: Number(atMs) }));
  const endMs = emitted.at(-1)?.atMs ?? 0;

  // A copy is looked at, so that the next process is the first to open what this one left.
  const copy = copyOf(place, prefix);
  expect(flawsOf(copy)).toEqual([]);
  const ids = storedIds(copy).filter((id) => id.startsWith(`${prefix}-`));
  // Nothing in between is missing, only the end.
  expect(ids).toEqual(ids.map((_, index) => `${prefix}-${index + 1}`));
  expect(ids.length).toBeGreaterThanOrEqual(Number(flushed));
  const firstMissing = emitted.find(({ number }) => number > ids.length);
  expect(endMs - (firstMissing?.atMs ?? endMs)).toBeLessThanOrEqual(LAST_MS);
  expect(spilledLines(place)).toEqual([]);
  return ids.length;
}

function copyOf({ dbPath, temporary }: Place, name: string): string {
  const folder = join(temporary, name);
  mkdirSync(folder);
  const copy = join(folder, "copy.db");
  for (const suffix of ["", "-wal"]) {
    if (existsSync(dbPath + suffix)) copyFileSync(dbPath + suffix, copy + suffix);
  }
  return copy;
}

async function expectTakenOver({ dbPath, environment }: Place, kept: number): Promise<void> {
  const { exitCode, stdout, stderr } = await runScript(
    "emit-and-end.ts",
    [JSON.stringify({ dbPath }), "close", `${EVENTS_AFTERWARDS}`],
    environment,
  );
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expectAccounted(printedStats(stdout), EVENTS_AFTERWARDS);
  expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
  expect(countRows(dbPath)).toBe(kept + EVENTS_AFTERWARDS);
  expect(flawsOf(dbPath)).toEqual([]);
}
