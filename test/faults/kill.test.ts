import { expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expectAccounted, printedStats } from "../support/accounting";
import { tries } from "../support/effort";
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
const KILLS_PER_LEDGER = tries(8, 25);
const LONGEST_LIFE_MS = 400;
/**
 * What a kill may cost, by its median: so many events, one a millisecond, more than it costs a thread that only writes.
 */
const LAST_EVENTS = 50;
const EVENTS_AFTERWARDS = 100;
// In memory if possible: a kill takes nothing from the page cache, so it will do. On a disk, what other programs sync at the
// same time would hold up the writer's checkpoints, and be measured instead.
const dir = tempDir();

test("of processes killed at a random moment, each at one event a millisecond, every flushed event is kept, what is missing was queued, and the next start takes over", async () => {
  const places = Array.from({ length: LEDGERS }, () => newPlace(dir));
  const kept = new Map(places.map((place) => [place, 0]));
  const losses: Loss[] = [];
  for (let round = 1; round <= KILLS_PER_LEDGER; round += 1) {
    const prefix = `round-${round}`;
    for (const [place, stdout] of await killAll(places, prefix)) {
      const loss = expectKept(place, prefix, stdout);
      losses.push(loss);
      kept.set(place, (kept.get(place) ?? 0) + loss.stored);
    }
  }
  const ofControl = median(losses.map(({ missingInControl }) => missingInControl));
  expect(median(losses.map(({ missing }) => missing))).toBeLessThanOrEqual(ofControl + LAST_EVENTS);
  await Promise.all(Array.from(kept, ([place, rows]) => expectTakenOver(place, rows)));
});

/**
 * Runs a process on each ledger, which others before it may have left, and kills it; gives what it had printed.
 * None is started or looked at while others run: on two cores that would be measured instead.
 */
async function killAll(places: readonly Place[], prefix: string): Promise<[Place, string][]> {
  const scripts = places.map((place): [Place, RunningScript] => [
    place,
    startScript("emit-until-killed.ts", [place.dbPath, prefix, controlFile(place)], place.environment),
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

/** What a killed process left behind, in events. */
interface Loss {
  readonly stored: number;
  readonly missing: number;
  /** Not written by the thread that does nothing else. */
  readonly missingInControl: number;
}

/** Compares what a killed process had printed with what is in its ledger. */
function expectKept(place: Place, prefix: string, stdout: string): Loss {
  const lines = stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split(" "));
  const flushed = lines.findLast(([what]) => what === "flushed")?.[1] ?? 0;
  const [, emitted = 0, queued = 0] = lines.findLast(([what]) => what === "emitted") ?? [];

  // A copy is looked at, so that the next process is the first to open what this one left.
  const copy = copyOf(place, prefix);
  expect(flawsOf(copy)).toEqual([]);
  const ids = storedIds(copy).filter((id) => id.startsWith(`${prefix}-`));
  // Nothing in between is missing, only the end.
  expect(ids).toEqual(ids.map((_, index) => `${prefix}-${index + 1}`));
  expect(ids.length).toBeGreaterThanOrEqual(Number(flushed));
  expect(ids.length).toBeGreaterThanOrEqual(Number(emitted) - Number(queued));
  expect(spilledLines(place)).toEqual([]);
  const control = readFileSync(controlFile(place), "utf8").split("\n").at(-2) ?? 0;
  return {
    stored: ids.length,
    missing: Math.max(0, Number(emitted) - ids.length),
    missingInControl: Math.max(0, Number(emitted) - Number(control)),
  };
}

function controlFile({ temporary }: Place): string {
  return join(temporary, "control");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
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
