import { expect, test } from "bun:test";
import fc from "fast-check";
import { BatchEncoder, copy, recordsOf } from "../../src/handoff/batch";
import { toLines } from "../../src/handoff/batch-lines";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { anyRecord } from "../support/arbitraries";
import { tries } from "../support/effort";

test("what looks like the beginning of a record within another one ends no line", () => {
  const encoder = new BatchEncoder();
  const odd = { repo: [{ a: 1 }, { executionId: "inner" }], executionId: "not first" };
  for (const event of [odd, executionCompleted({ executionId: "plain" })])
    encoder.push(event as unknown as TelemetryRecord);
  const [batch] = encoder.seal(copy);
  const lines = Buffer.from(batch === undefined ? [] : toLines(batch))
    .toString()
    .trim()
    .split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([odd, { executionId: "plain" }]);
});

test("the lines of a batch are its records, whatever they contain", () => {
  const anything = fc.oneof({ weight: 9, arbitrary: anyRecord }, { weight: 1, arbitrary: fc.anything() });
  fc.assert(
    fc.property(fc.array(anything, { minLength: 1, maxLength: 8 }), (events) => {
      const encoder = new BatchEncoder();
      for (const event of events) encoder.push(event as TelemetryRecord);
      for (const batch of encoder.seal(copy)) {
        const text = Buffer.from(toLines(batch)).toString();
        expect([text.at(0), text.at(-1)]).toEqual(["\n", "\n"]);
        const lines = text.slice(1, -1).split("\n");
        expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(recordsOf(batch))));
      }
    }),
    { numRuns: tries(300, 3_000) },
  );
});
