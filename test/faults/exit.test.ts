import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { createTelemetryStore } from "../../src/ledger/store";
import { expectAccounted, printedStats } from "../support/accounting";
import { tries } from "../support/effort";
import { countRows, flawsOf, newPlace, spilledLines } from "../support/place";
import { runScript, type ScriptResult } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

/** More than a batch or two. */
const EVENTS = tries(1_500, 5_000);
const dir = tempDir();

const WAYS = [
  ["return", 0],
  ["process.exit(0)", 0],
  ["process.exit(3)", 3],
  ["an uncaught throw", 1],
  ["an uncaught throw in a callback", 1],
  ["an unhandled rejection", 1],
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const;

test("what is awaited of the handle keeps the process alive", async () => {
  const place = newPlace(dir);
  const { exitCode, stdout } = await runScript("await-flush.ts", [place.dbPath], place.environment);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "purged 0, written 1\n" });
});

test("a flush that can't come keeps no process alive", async () => {
  const place = newPlace(dir);
  mkdirSync(place.dbPath, { recursive: true });
  const { exitCode, signalCode, stdout } = await runScript(
    "await-flush.ts",
    [place.dbPath],
    place.environment,
  );
  expect({ exitCode, signalCode, stdout }).toEqual({ exitCode: 0, signalCode: null, stdout: "" });
  expect(spilledLines(place)).toHaveLength(1);
});

test("a lock of another process that outlasts the exit costs nothing, and nothing is counted twice", async () => {
  const place = newPlace(dir);
  createTelemetryStore({ dbPath: place.dbPath }).close();
  const options = JSON.stringify({ dbPath: place.dbPath, exitTimeoutMs: 1_000 });
  using other = new Database(place.dbPath);
  other.run("BEGIN IMMEDIATE");
  const args = [options, "process.exit(3)", `${EVENTS}`];
  const { exitCode, stdout } = await runScript("emit-and-end.ts", args, place.environment);
  other.run("ROLLBACK");
  expect(exitCode).toBe(3);
  expectAccounted(printedStats(stdout), EVENTS);
  // Its flush waits until what was spilled is taken in.
  await runScript("await-flush.ts", [place.dbPath], place.environment);
  expect(countRows(place.dbPath)).toBe(EVENTS + 1);
  expect(flawsOf(place.dbPath)).toEqual([]);
});

const plainEnds = new Map<string, Promise<ScriptResult>>();

/** How it ends where the plugin is not. */
function endWithoutPlugin(way: string): Promise<ScriptResult> {
  const end = plainEnds.get(way) ?? runScript("emit-and-end.ts", ["none", way, `${EVENTS}`]);
  plainEnds.set(way, end);
  return end;
}

describe.each(["thread", "inline"] as const)("with the writer %s", (writer) => {
  test.each(WAYS)(
    `${EVENTS} events right before the end by %s are as many rows, and it exits with %d as without the plugin`,
    async (way, exitCode) => {
      const place = newPlace(dir);
      const options = JSON.stringify({ dbPath: place.dbPath, writer });
      const [plain, result] = await Promise.all([
        endWithoutPlugin(way),
        runScript("emit-and-end.ts", [options, way, `${EVENTS}`], place.environment),
      ]);
      expect(plain).toMatchObject({ exitCode, signalCode: null });
      expect(result).toMatchObject({ exitCode, signalCode: null });
      expect(countRows(place.dbPath)).toBe(EVENTS);
      const stats = printedStats(result.stdout);
      expect(stats).toMatchObject({ received: EVENTS, written: EVENTS, state: "closed" });
      expectAccounted(stats, EVENTS);
      expect(spilledLines(place)).toEqual([]);
      expect(flawsOf(place.dbPath)).toEqual([]);
    },
    30_000,
  );
});
