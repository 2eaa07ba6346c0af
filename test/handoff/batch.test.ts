import { expect, test } from "bun:test";
import fc from "fast-check";
import { BatchEncoder, copy, recordsOf } from "../../src/handoff/batch";
import { toExecutionRow } from "../../src/ledger/row";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { anyRecord } from "../support/arbitraries";

/** What the writer gets of events that the host emitted one after the other. */
function transferred(...events: unknown[]): TelemetryRecord[] {
  const encoder = new BatchEncoder();
  for (const event of events) encoder.push(event as TelemetryRecord);
  expect(encoder.size).toBe(events.length);
  const records = encoder.seal(copy).flatMap((batch) => recordsOf(structuredClone(batch)));
  expect(encoder.size).toBe(0);
  return records as TelemetryRecord[];
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("records are the same rows after their way through a batch", () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 100 }), (records) => {
      const complete = records.map((record) => ({
        ...record,
        executionId: record.executionId ?? "fixed",
        completedAt: record.completedAt ?? 0,
      }));
      expect(transferred(...complete).map((record) => toExecutionRow(record))).toEqual(
        complete.map((record) => toExecutionRow(record)),
      );
    }),
  );
});

test("a text that names a time in January 1970 is that time", () => {
  const records = transferred(executionCompleted({ completedAt: "1970-01-11T22:58:04.800Z" }));
  expect(records.map((record) => toExecutionRow(record).created_at)).toEqual(["1970-01-11 22:58:04.800"]);
});

test("identities are UUIDs of version 7, each its own, in the order of the events", () => {
  const encoder = new BatchEncoder();
  const ids: string[] = [];
  for (let batch = 0; batch < 50; batch += 1) {
    for (let event = 0; event < 300; event += 1) encoder.push(executionCompleted());
    for (const sealed of encoder.seal(copy))
      ids.push(...recordsOf(sealed).map((record) => String((record as TelemetryRecord).executionId)));
  }
  expect(ids.filter((id) => !UUID_V7.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(15_000);
  expect(ids.toSorted()).toEqual(ids);
});

test("a batch that is read twice gives the same identities", () => {
  const encoder = new BatchEncoder();
  for (let event = 0; event < 10; event += 1) encoder.push(executionCompleted());
  const [batch] = encoder.seal(copy);
  if (batch === undefined) throw new Error("nothing was sealed");
  expect(recordsOf(batch)).toEqual(recordsOf(batch));
});

test("the time is that of the call", () => {
  const before = Date.now();
  const [record] = transferred(executionCompleted());
  expect(Number(record?.completedAt)).toBeGreaterThanOrEqual(before);
  expect(Number(record?.completedAt)).toBeLessThanOrEqual(Date.now());
});

test("what the host does to the event afterwards changes nothing", () => {
  const completedAt = new Date(0);
  const event = executionCompleted({ completedAt });
  const encoder = new BatchEncoder();
  encoder.push(event);
  event.repo = "changed";
  completedAt.setFullYear(1999);
  expect(encoder.seal(copy).flatMap(recordsOf)).toMatchObject([
    { repo: "octo-org/octo-repo", completedAt: 0 },
  ]);
});

test("accessors of a class are read; one that throws leaves its neighbours alone", () => {
  class Run {
    readonly numTurns: number;
    constructor(numTurns: number) {
      this.numTurns = numTurns;
    }
    get repo() {
      return "inherited";
    }
    eventType = "e";
    model = "m";
    conclusion = "c";
    get stopReason(): string {
      if (this.numTurns === 2) throw new Error("not now");
      return "end_turn";
    }
  }
  const [first, second, third] = transferred(new Run(1), new Run(2), new Run(3));
  expect(first).toMatchObject({ repo: "inherited", numTurns: 1 });
  expect(second).toBeString();
  expect(third).toMatchObject({ numTurns: 3, stopReason: "end_turn" });
});

test("accessors that answer differently each time are no reason to throw, or to lose a neighbour", () => {
  let reads = 0;
  const fickle = {
    ...executionCompleted(),
    get sessionId() {
      reads += 1;
      return reads % 2 === 0 ? 10n : "first";
    },
  };
  const encoder = new BatchEncoder();
  for (const event of [executionCompleted({ repo: "o/a" }), fickle, executionCompleted({ repo: "o/b" })])
    encoder.push(event as TelemetryRecord);
  const repos = encoder
    .seal(copy)
    .flatMap(recordsOf)
    .map((record) => (record as TelemetryRecord).repo);
  expect(repos).toEqual(["o/a", "o/b"]);
});

test("what is no record stays in its place", () => {
  const records = transferred(
    executionCompleted({ repo: "o/a" }),
    5,
    executionCompleted({ repo: "o/b" }),
    null,
  );
  expect(records.map((record) => record.repo ?? record)).toEqual(["o/a", "5", "o/b", "null"] as never);
});

test.each([[true], [5n], [{ valueOf: () => 5 }], [Number.NaN], [""], ["2026-01-31T12:00:00"]])(
  "a time that is %p is left to the schema, which rejects it",
  (completedAt) => {
    const [record] = transferred({ ...executionCompleted(), completedAt });
    expect(() => toExecutionRow(record as TelemetryRecord)).toThrow("completedAt");
  },
);

test("a valid event carries none of its unknown fields", () => {
  const [record] = transferred({ ...executionCompleted(), transcript: "x".repeat(10_000) });
  expect(Object.keys(record as object)).not.toContain("transcript");
});
