import { expect, test } from "bun:test";
import { createTelemetryStore } from "../../src/ledger/store";
import { expectAccounted, printedStats } from "../support/accounting";
import { tries } from "../support/effort";
import { countRows, filesBeside, flawsOf, newPlace, numberOf, spilledLines } from "../support/place";
import { startHost } from "../support/remote-host";
import { runScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const PROCESSES = 4;
const EVENTS = tries(4_000, 25_000);
const dir = tempDir();

test("4 processes that write into one file at the same time lose nothing, and the sums per day are theirs", async () => {
  const place = newPlace(dir);
  const options = JSON.stringify({ dbPath: place.dbPath });
  const results = await Promise.all(
    Array.from({ length: PROCESSES }, () =>
      runScript("emit-and-end.ts", [options, "close", `${EVENTS}`], place.environment),
    ),
  );
  for (const { exitCode, stdout } of results) {
    expect(exitCode).toBe(0);
    expect(printedStats(stdout)).toMatchObject({ written: EVENTS, duplicates: 0, spilled: 0, dropped: 0 });
    expectAccounted(printedStats(stdout), EVENTS);
  }
  // Of two that close in the same instant neither is the last: the -wal is left to the next.
  createTelemetryStore({ dbPath: place.dbPath }).close();
  expect(filesBeside(place.dbPath)).toEqual(["telemetry.db"]);
  expect(spilledLines(place)).toEqual([]);
  expect(countRows(place.dbPath)).toBe(PROCESSES * EVENTS);
  expect(numberOf(place.dbPath, "SELECT sum(executions) FROM usage_daily")).toBe(PROCESSES * EVENTS);
  expect(flawsOf(place.dbPath)).toEqual([]);
});

test("a process that closes the ledger takes nothing away from one that goes on, even when that one is then killed", async () => {
  const place = newPlace(dir);
  await using host = startHost(place);
  await host.call("ready");
  for (let round = 1; round <= 3; round += 1) {
    // Enough for a checkpoint, and some that only the -wal has.
    await host.call("emit", 2_000);
    await host.call("flush");
    await host.call("emit", 100);
    await host.call("flush");
    const other = await runScript("emit-and-end.ts", [
      JSON.stringify({ dbPath: place.dbPath }),
      "close",
      "10",
    ]);
    expect(other).toMatchObject({ exitCode: 0, stderr: "" });
  }
  await host.call("emit", 100);
  await host.call("flush");
  const stats = await host.call("stats");
  expectAccounted(stats, 6_400);
  host.process.kill("SIGKILL");
  await host.ended;
  expect(countRows(place.dbPath)).toBe(6_400 + 30);
  expect(flawsOf(place.dbPath)).toEqual([]);
});
