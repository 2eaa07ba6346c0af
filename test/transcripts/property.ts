import { expect } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import type { TranscriptSource } from "../../src/transcripts/sources";
import { tries } from "../support/effort";
import { FakeLedger, type GrowingFile, isWithin, newFolder, type Sums, writeFolder } from "./virtual-folder";

const HOUR_MS = 3_600_000;

/** What makes a folder, step by step. */
export interface Maker<Step> {
  readonly files: readonly GrowingFile[];
  readonly made: Sums;
  nowMs: number;
  take(step: Step): void;
  finish(): void;
}

const moment = fc.record({
  after: fc.nat(40),
  cut: fc.option(fc.record({ file: fc.nat(20), bytes: fc.nat(2_000) }), { nil: undefined }),
  order: fc.nat(),
});

/**
 * Whatever a folder is, and at whatever moments and in whatever order its files are imported, one of them perhaps cut:
 * what the ledger has in the end is what the requests used, never more before, and importing again changes nothing.
 */
export async function assertSumsAreRight<Step>(
  source: TranscriptSource,
  steps: fc.Arbitrary<readonly Step[]>,
  createMaker: () => Maker<Step>,
): Promise<void> {
  const folder = newFolder();
  const property = fc.asyncProperty(steps, fc.array(moment, { maxLength: 5 }), async (steps, moments) => {
    const maker = createMaker();
    const ledger = new FakeLedger(source);
    for (const [index, step] of steps.entries()) {
      maker.take(step);
      for (const { cut, order } of moments.filter(({ after }) => after % steps.length === index)) {
        writeFolder(folder, maker.files, maker.nowMs, cut);
        const paths = maker.files.map(({ path }) => join(folder, path));
        for (const path of rotated(paths, order)) await ledger.import([path], maker.nowMs);
        expect(isWithin(ledger.sums(), maker.made)).toBe(true);
      }
    }
    maker.finish();
    maker.nowMs += HOUR_MS + 1;
    writeFolder(folder, maker.files, maker.nowMs);
    await ledger.import([folder], maker.nowMs);
    expect(ledger.sums()).toEqual(maker.made);
    for (const { path } of maker.files)
      expect(await ledger.import([join(folder, path)], maker.nowMs)).toBe(0);
  });
  await fc.assert(property, { numRuns: tries(100, 5_000), interruptAfterTimeLimit: 120_000 });
}

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const at = by % (items.length || 1);
  return [...items.slice(at), ...items.slice(0, at)];
}
