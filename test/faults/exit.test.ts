import { describe, expect, test } from "bun:test";
import { expectAccounted, printedStats } from "../support/accounting";
import { countRows, flawsOf, newPlace, spilledLines } from "../support/place";
import { runScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const EVENTS = 10_000;
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

describe.each(["thread", "inline"] as const)("with the writer %s", (writer) => {
  test.each(WAYS)(
    "10,000 events right before the end by %s are 10,000 rows, and it exits with %d as without the plugin",
    async (way, exitCode) => {
      const place = newPlace(dir);
      const options = JSON.stringify({ dbPath: place.dbPath, writer });
      const [plain, result] = await Promise.all([
        runScript("emit-and-end.ts", ["none", way, `${EVENTS}`]),
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
