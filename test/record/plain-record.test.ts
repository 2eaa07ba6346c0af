import { expect, test } from "bun:test";
import fc from "fast-check";
import { isPlainRecord } from "../../src/record/plain-record";
import { recordSchema } from "../../src/record/schema";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { anyRecord } from "../support/arbitraries";

test("what is valid at first sight is valid to the schema, and means the same", () => {
  const value = fc.oneof(
    fc.anything({ withDate: true }),
    fc.constantFrom(0, -0, -1, 1.5, 2 ** 53, Number.NaN, "", "x", "reported", null, undefined),
  );
  const field = fc.constantFrom(...Object.keys(recordSchema.shape));
  fc.assert(
    fc.property(anyRecord, fc.dictionary(field, value, { maxKeys: 3 }), (record, junk) => {
      const candidate = { ...record, ...junk } as TelemetryRecord;
      if (!isPlainRecord(candidate)) return;
      const result = recordSchema.safeParse(candidate);
      expect(result.success).toBe(true);
      for (const [name, parsed] of Object.entries(result.data ?? {})) {
        expect<unknown>(parsed).toBe(candidate[name as keyof TelemetryRecord]);
      }
    }),
    { numRuns: 1_000 },
  );
});

test.each([1_769_860_800, 1_769_860_800_000_000])("a time of %p is left to the schema", (completedAt) => {
  expect(isPlainRecord(executionCompleted({ completedAt }))).toBe(false);
});

test("ordinary records are valid at first sight", () => {
  expect(isPlainRecord(executionCompleted())).toBe(true);
  expect(
    isPlainRecord(executionCompleted({ completedAt: Date.now(), durationMs: 12.5, prNumber: null })),
  ).toBe(true);
  expect(isPlainRecord({ repo: "r", eventType: "e", model: "m", conclusion: "c" })).toBe(true);
});
