import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Batch, BatchQueue, bytesOf, type PackedBatch } from "../../src/telemetry/queue";

const recordsOf = (batch: Batch | PackedBatch) => JSON.parse(bytesOf(batch).toString());

test("batches are sent in order, with sequences that go up one by one", () => {
  const queue = new BatchQueue();
  queue.push(1);
  expect(queue.push(2)).toBe(2);
  queue.seal();
  queue.seal();
  queue.push(3);
  queue.seal();
  expect([queue.send(), queue.send(), queue.send()]).toEqual([
    { sequence: 1, size: 2, text: "[1,2]" },
    { sequence: 2, size: 1, text: "[3]" },
    undefined,
  ]);
  expect(queue.lastSequence).toBe(2);
  expect(queue.sent).toHaveLength(2);
  queue.acknowledge(1);
  expect(queue.sent.map(({ sequence }) => sequence)).toEqual([2]);
  expect({ size: queue.size, sentSize: queue.sentSize }).toEqual({ size: 1, sentSize: 1 });
});

test("a record that can't become JSON is said to be lost, and its neighbours are kept", () => {
  const queue = new BatchQueue();
  const tooLong = {
    toJSON() {
      throw new RangeError("Invalid string length");
    },
  };
  for (const record of [1, 2, tooLong, 3, tooLong]) queue.push(record);
  expect(queue.seal()).toBe(2);
  expect(queue.takeAll().flatMap(recordsOf)).toEqual([1, 2, 3]);
  expect(queue.size).toBe(0);
});

test("batches that wait are packed, and come out as they were", () => {
  const queue = new BatchQueue();
  for (const record of ["a", "é😀", "c"]) {
    queue.push(record);
    queue.seal();
    queue.packWaiting();
  }
  expect(queue.waitingSize).toBe(3);
  expect(queue.send()?.text).toBe('["a"]');
  expect(queue.takeOverflow(2).flatMap(recordsOf)).toEqual(["é😀"]);
  expect(queue.takeAll().flatMap(recordsOf)).toEqual(["a", "c"]);
});

test("overflow takes the oldest that wait, never what was sent", () => {
  const queue = new BatchQueue();
  for (const record of ["sent", "oldest", "middle", "newest"]) {
    queue.push(record);
    queue.seal();
  }
  queue.send();
  expect(queue.takeOverflow(2).flatMap(recordsOf)).toEqual(["oldest", "middle"]);
  expect(queue.takeOverflow(0).flatMap(recordsOf)).toEqual(["newest"]);
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
      const left: number[] = [];
      let pushed = 0;
      for (const action of steps) {
        if (action === "push") {
          pushed += 1;
          queue.push(pushed);
        } else if (action === "seal") queue.seal();
        else if (action === "send") queue.send();
        else if (action === "overflow") left.push(...queue.takeOverflow(5).flatMap(recordsOf));
        else {
          const [first] = queue.sent;
          if (first === undefined) continue;
          left.push(...JSON.parse(first.text));
          queue.acknowledge(first.sequence);
        }
        expect(queue.size + left.length).toBe(pushed);
        expect(queue.sentSize).toBe(queue.sent.reduce((total, { size }) => total + size, 0));
      }
      left.push(...queue.takeAll().flatMap(recordsOf));
      expect(left.toSorted((a, b) => a - b)).toEqual(Array.from({ length: pushed }, (_, index) => index + 1));
      expect(queue.size).toBe(0);
    }),
  );
});
