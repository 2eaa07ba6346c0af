import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { TRANSCRIPT_SOURCES } from "../../src/transcripts/sources";
import { tries } from "../support/effort";
import { ClaudeCodeMaker, claudeCodeSteps } from "./claude-code-maker";
import { FakeLedger, isWithin, newFolder, writeFolder } from "./virtual-folder";

const HOUR_MS = 3_600_000;
const folder = newFolder();

test("the sums are those of the requests, whenever and in whatever order transcripts are imported", async () => {
  const moment = fc.record({
    after: fc.nat(40),
    cut: fc.option(fc.record({ file: fc.nat(20), bytes: fc.nat(2_000) }), { nil: undefined }),
    order: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(claudeCodeSteps, fc.array(moment, { maxLength: 5 }), async (steps, moments) => {
      const maker = new ClaudeCodeMaker();
      const ledger = new FakeLedger(TRANSCRIPT_SOURCES["claude-code"]);
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
    }),
    { numRuns: tries(150, 5_000), interruptAfterTimeLimit: 120_000 },
  );
});

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const at = by % (items.length || 1);
  return [...items.slice(at), ...items.slice(0, at)];
}
