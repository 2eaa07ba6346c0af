import { expect, test } from "bun:test";
import fc from "fast-check";
import { toExecutionRow } from "../../src/ledger/row";
import { snapshot } from "../../src/record/snapshot";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";

const throughJson = (event: unknown): unknown =>
  JSON.parse(JSON.stringify([snapshot(event as TelemetryRecord)]))[0];

test("nothing makes it throw, and what it gives is ready for JSON and never valid by accident", () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }), (junk) => {
      expect(() => toExecutionRow(throughJson(junk) as TelemetryRecord)).toThrow(
        expect.objectContaining({ code: "INVALID_RECORD" }),
      );
    }),
  );
});

test.each([
  ["costUsd", Number.NaN, "NaN"],
  ["durationMs", Number.POSITIVE_INFINITY, "Infinity"],
  ["inputTokens", 10n, "10n"],
  ["completedAt", new Date(Number.NaN), "NaN"],
])("%s %p, which JSON would lose, is spelled out and rejected", (field, value, spelledOut) => {
  const copy = throughJson({ ...executionCompleted(), [field]: value }) as TelemetryRecord;
  expect(copy).toMatchObject({ [field]: spelledOut });
  expect(() => toExecutionRow(copy)).toThrow(field);
});

test("a rejected event keeps its small unknown fields, and no large one", () => {
  const copy = throughJson({
    repo: "",
    line: "runs.jsonl:12",
    size: 5,
    transcript: "x".repeat(10_000),
    nested: {},
  });
  expect(copy).toMatchObject({ line: "runs.jsonl:12", size: 5 });
  expect(Object.keys(copy as object)).not.toContain("transcript");
  expect(Object.keys(copy as object)).not.toContain("nested");
});
