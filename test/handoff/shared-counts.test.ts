import { expect, test } from "bun:test";
import { SharedCounts } from "../../src/handoff/shared-counts";

test("outcomes add up, and appear with their acknowledgement", () => {
  const counts = new SharedCounts();
  const other = new SharedCounts(counts.buffer);
  expect(other.snapshot()).toEqual({ acknowledged: 0, written: 0, duplicates: 0, rejected: 0 });
  counts.acknowledge(1, { written: 2, duplicates: 1, rejected: 0 });
  counts.acknowledge(5, { written: 1, duplicates: 0, rejected: 3 });
  counts.addTakenIn(7);
  expect(other.lastFlushMs).toBeUndefined();
  counts.setFlushTime(1.25);
  expect(other.snapshot()).toEqual({ acknowledged: 5, written: 3, duplicates: 1, rejected: 3 });
  expect(other.acknowledged).toBe(5);
  expect(other.takenIn).toBe(7);
  expect(other.lastFlushMs).toBe(1.25);
});

test("what is offered is claimed by one", () => {
  const counts = new SharedCounts();
  const other = new SharedCounts(counts.buffer);
  expect(counts.claim()).toBe(false);
  counts.offer();
  expect([other.claim(), counts.claim(), other.claim()]).toEqual([true, false, false]);
  counts.offer();
  expect(counts.claim()).toBe(true);
});

test("waitFor says at once what is so, and gives up in time", () => {
  const counts = new SharedCounts();
  counts.acknowledge(3, { written: 1, duplicates: 0, rejected: 0 });
  expect(counts.waitFor(3, 0)).toBe(true);
  expect(counts.waitFor(4, 20)).toBe(false);
});

test("waitFor wakes up when another thread acknowledges", () => {
  const counts = new SharedCounts();
  const worker = new Worker(new URL("../process/acknowledging-thread.ts", import.meta.url).href);
  worker.postMessage(counts.buffer);
  expect(counts.waitFor(1, 10_000)).toBe(true);
  worker.terminate();
});
