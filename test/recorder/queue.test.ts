import { expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { type Batch, recordsOf } from "../../src/handoff/batch";
import type { TelemetryRecord } from "../../src/record/types";
import { BatchQueue } from "../../src/recorder/queue";
import { executionCompleted } from "../../src/testing";
import { tries } from "../support/effort";

/** Stands for a text that no string of JSON can hold. */
const TOO_LONG = "too long";
const stringify = JSON.stringify;

function refusingLong(value: unknown): string {
  const json = stringify(value);
  if (json.includes(TOO_LONG)) throw new RangeError("Out of memory");
  return json;
}

/** An event that is known by a number. */
const event = (numTurns: number): TelemetryRecord => executionCompleted({ numTurns });
const numbersOf = (batch: Batch): unknown[] =>
  recordsOf(batch).map((record) => (record as TelemetryRecord).numTurns);

test("batches are sent in order, with sequences that go up one by one", () => {
  const queue = new BatchQueue();
  queue.push(event(1));
  expect(queue.push(event(2))).toBe(2);
  queue.seal();
  queue.seal();
  queue.push(event(3));
  queue.seal();
  const sent = [queue.send(), queue.send(), queue.send()];
  expect(sent).toMatchObject([{ sequence: 1, size: 2 }, { sequence: 2, size: 1 }, undefined] as never);
  expect(sent.flatMap((batch) => (batch === undefined ? [] : numbersOf(batch)))).toEqual([1, 2, 3]);
  expect(queue.lastSequence).toBe(2);
  expect(queue.sent).toHaveLength(2);
  queue.acknowledge(1);
  expect(queue.sent.map(({ sequence }) => sequence)).toEqual([2]);
  expect({ size: queue.size, sentSize: queue.sentSize }).toEqual({ size: 1, sentSize: 1 });
});

test("a record that is too long for JSON is said to be lost, and its neighbours are kept", () => {
  const queue = new BatchQueue();
  // Half of what a string can hold, and each of its characters takes six in JSON: that takes seconds, and gigabytes.
  const isReal = tries(0, 1) === 1;
  const tooLong = executionCompleted({ sessionId: isReal ? "\0".repeat(2 ** 29) : TOO_LONG });
  using _ = isReal ? undefined : spyOn(JSON, "stringify").mockImplementation(refusingLong);
  for (const each of [event(1), event(2), tooLong, event(3)]) queue.push(each);
  expect(queue.seal()).toBe(1);
  expect(queue.takeAll().flatMap(numbersOf)).toEqual([1, 2, 3]);
  expect(queue.size).toBe(0);
});

test("batches that wait are packed, and come out as they were", () => {
  const queue = new BatchQueue();
  const events = ["a", "é😀", "c"].map((repo) => executionCompleted({ repo, costUsd: 0.1, completedAt: 1 }));
  for (const each of events) {
    queue.push(each);
    queue.seal();
    queue.packWaiting();
  }
  expect(queue.waitingSize).toBe(3);
  const sent = queue.send();
  if (sent === undefined) throw new Error("nothing was sent");
  const batches = [sent, ...queue.takeOverflow(2), ...queue.takeAll().slice(1)];
  expect(batches.flatMap(recordsOf)).toMatchObject(events);
});

test("overflow takes the oldest that wait, never what was sent", () => {
  const queue = new BatchQueue();
  for (const each of [1, 2, 3, 4]) {
    queue.push(event(each));
    queue.seal();
  }
  queue.send();
  expect(queue.takeOverflow(2).flatMap(numbersOf)).toEqual([2, 3]);
  expect(queue.takeOverflow(0).flatMap(numbersOf)).toEqual([4]);
  expect(queue.takeOverflow(0)).toEqual([]);
  expect(queue.size).toBe(1);
});

test("whatever happens, every record is in one place, and sizes add up", () => {
  const step = fc.oneof(
    fc.constant("push" as const),
    fc.constant("seal" as const),
    fc.constant("send" as const),
    fc.constant("acknowledge" as const),
    fc.constant("overflow" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new BatchQueue();
      const left: unknown[] = [];
      let pushed = 0;
      for (const action of steps) {
        if (action === "push") {
          pushed += 1;
          queue.push(event(pushed));
        } else if (action === "seal") queue.seal();
        else if (action === "send") queue.send();
        else if (action === "overflow") left.push(...queue.takeOverflow(5).flatMap(numbersOf));
        else {
          const [first] = queue.sent;
          if (first === undefined) continue;
          left.push(...numbersOf(first));
          queue.acknowledge(first.sequence);
        }
        expect(queue.size + left.length).toBe(pushed);
        expect(queue.sentSize).toBe(queue.sent.reduce((total, { size }) => total + size, 0));
      }
      queue.seal();
      left.push(...queue.takeAll().flatMap(numbersOf));
      expect(left.toSorted((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: pushed }, (_, index) => index + 1),
      );
      expect(queue.size).toBe(0);
    }),
  );
});
