import { expect, test } from "bun:test";
import fc from "fast-check";
import { toExecutionRow } from "../../src/telemetry/record";
import { snapshot } from "../../src/telemetry/snapshot";
import type { TelemetryRecord } from "../../src/telemetry/types";
import { executionCompleted } from "../../src/testing";
import { anyRecord } from "../support/arbitraries";

const throughJson = (event: unknown): unknown =>
  JSON.parse(JSON.stringify([snapshot(event as TelemetryRecord)]))[0];

test("a record is the same row after its way through JSON", () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const complete = { ...record, executionId: "fixed", completedAt: record.completedAt ?? 0 };
      expect(toExecutionRow(throughJson(complete) as TelemetryRecord)).toEqual(toExecutionRow(complete));
    }),
  );
});

test("identity and time are those of the call", () => {
  const before = Date.now();
  const copy = snapshot(executionCompleted()) as TelemetryRecord;
  expect(copy.executionId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(Number(copy.completedAt)).toBeGreaterThanOrEqual(before);
  expect(Number(copy.completedAt)).toBeLessThanOrEqual(Date.now());
});

test("what the host does to the event afterwards changes nothing", () => {
  const completedAt = new Date(0);
  const event = executionCompleted({ completedAt });
  const copy = snapshot(event);
  event.repo = "changed";
  completedAt.setFullYear(1999);
  expect(copy).toMatchObject({ repo: "octo-org/octo-repo", completedAt: 0 });
});

test("accessors of a class are read", () => {
  class Run {
    get repo() {
      return "inherited";
    }
    eventType = "e";
    model = "m";
    conclusion = "c";
  }
  expect(snapshot(new Run())).toMatchObject({ repo: "inherited", conclusion: "c" });
});

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
  ["inputTokens", 10n, "10"],
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

test("a valid event costs nothing for its unknown fields", () => {
  const copy = snapshot({ ...executionCompleted(), transcript: "x".repeat(10_000) } as TelemetryRecord);
  expect(Object.keys(copy as object)).not.toContain("transcript");
});
