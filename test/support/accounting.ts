import { expect } from "bun:test";
import type { TelemetryCloseReport, TelemetryStats } from "../../src/recorder/types";

type Counts = Omit<TelemetryCloseReport, "timedOut">;

/** Expects every received event to be accounted for exactly once. */
export function expectAccounted(counts: Counts, received: number): void {
  const { written, duplicates, rejected, failed, spilled, dropped, queued } = counts;
  expect({ ...counts, sum: written + duplicates + rejected + failed + spilled + dropped + queued }).toEqual({
    ...counts,
    sum: received,
  });
}

/** The stats that a script printed as its last line. */
export function printedStats(stdout: string): TelemetryStats {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
