import { expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expectAccounted, printedStats } from "../support/accounting";
import { countRows, filesBeside, flawsOf, newPlace, type Place, spilledLines, storedIds } from "../support/place";
import { runScript, startScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const LEDGERS = 10;
const KILLS_PER_LEDGER = 5;
const LONGEST_LIFE_MS = 500;
/** What a kill may cost: events of the last so many milliseconds. */
const LAST_MS = 50;
const dir = tempDir();

test("of 50 processes killed at a random moment, each at one event a millisecond, every flushed event is there and at most the last 50 ms are missing; the next start takes over", async () => {
  const places = Array.from({ length: LEDGERS }, () => newPlace(dir));
  const kept: number[] = places.map(() => 0);
  for (let round = 1; round <= KILLS_PER_LEDGER; round += 1) {
    const kills = await Promise.allSettled(places.map((place) => killOne(place, `round-${round}`)));
    kills.forEach((kill, index) => {
      if (kill.status === "rejected") throw kill.reason;
      kept[index] = (kept[index] ?? 0) + kill.value;
    });
  }
  await Promise.all(places.map((place, index) => expectTakenOver(place, kept[index] ?? 0)));
}, 90_000);

/** Runs a process on the ledger, which others before it may have left, and kills it; returns how many of its events are kept. */
async function killOne(place: Place, prefix: string): Promise<number> {
  const script = startScript("emit-until-killed.ts", [place.dbPath, prefix], place.environment);
  try {
    await script.waitForLine("ready");
    await Bun.sleep(Math.random() * LONGEST_LIFE_MS);
  } finally {
    script.process.kill("SIGKILL");
  }
  const { signalCode, stdout, stderr } = await script.finished;
  expect({ signalCode, stderr }).toEqual({ signalCode: "SIGKILL", stderr: "" });

  const lines = stdout.split("\n").slice(0, -1).map((line) => line.split(" "));
  const flushed = lines.filter(([what]) => what === "flushed").map(([, number]) => Number(number));
  const emitted = lines
    .filter(([what]) => what === "emitted")
    .map(([, number, atMs]) => ({ number: Number(number), atMs: Number(atMs) }));
  const endMs = emitted.at(-1)?.atMs ?? 0;
  const lastFlushed = flushed.at(-1) ?? 0;
  const beforeTheLast = emitted.findLast(({ atMs }) => atMs < endMs - LAST_MS)?.number ?? 0;

  // A copy is looked at, so that the next process is the first to open what this one left.
  const copy = copyOf(place, prefix);
  expect(flawsOf(copy)).toEqual([]);
  const ids = storedIds(copy).filter((id) => id.startsWith(`${prefix}-`));
  expect(ids.length).toBeGreaterThanOrEqual(lastFlushed);
  expect(ids.length).toBeGreaterThanOrEqual(beforeTheLast);
  // Nothing between is missing: what a kill costs is the end.
  expect(ids).toEqual(ids.map((_, index) => `${prefix}-${index + 1}`));
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
    [JSON.stringify({ dbPath }), "close", "100"],
    environment,
  );
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expectAccounted(printedStats(stdout), 100);
  expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
  expect(countRows(dbPath)).toBe(kept + 100);
  expect(flawsOf(dbPath)).toEqual([]);
}
