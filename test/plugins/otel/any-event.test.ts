import { expect, test } from "bun:test";
import fc from "fast-check";
import { BatchEncoder, copy, recordsOf } from "../../../src/handoff/batch";
import { toExecutionRow } from "../../../src/ledger/row";
import type { TelemetryRecord } from "../../../src/record/types";
import { anyRecord } from "../../support/arbitraries";
import { tries } from "../../support/effort";
import { useOtelApps } from "../../support/otel-app";

const { start } = useOtelApps();

/** A record, one with a field that is not so sound, or no record at all. */
const anyEvent: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: anyRecord },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        anyRecord,
        fc.constantFrom("repo", "model", "costUsd", "inputTokens", "completedAt", "models"),
        fc.anything(),
      )
      .map(([entry, field, value]) => ({ ...entry, [field]: value })),
  },
  { weight: 1, arbitrary: fc.anything() },
);

/** What the ledger decides, by the way that an event takes to it. */
function isTaken(event: unknown): boolean {
  const encoder = new BatchEncoder();
  encoder.push(event as TelemetryRecord);
  const [record] = encoder.seal(copy).flatMap(recordsOf);
  try {
    toExecutionRow(record as TelemetryRecord);
    return true;
  } catch {
    return false;
  }
}

test("any event: emit never throws, what the ledger takes is sent, and all of it arrives", async () => {
  const { receiver, emit, send, stats } = start();
  let taken = 0;
  const ids = new Set<unknown>();
  fc.assert(
    fc.property(anyEvent, (event) => {
      const before = stats();
      emit(event);
      const after = stats();
      if (!isTaken(event)) {
        expect(after.rejected).toBe(before.rejected + 1);
        return;
      }
      const { executionId } = event as TelemetryRecord;
      const isRepeated = executionId != null && ids.has(executionId);
      if (!isRepeated) taken += 1;
      ids.add(executionId);
      expect(after.sent + after.duplicates).toBe(before.sent + before.duplicates + 1);
    }),
    { numRuns: tries(300, 10_000) },
  );
  await send();
  expect(stats()).toMatchObject({ sent: taken, failed: 0 });
  expect(receiver.spans.length).toBe(taken - stats().withoutSpan);
  const counted = receiver.metric("runledger.execution.count")?.points ?? [];
  expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(taken);
  for (const { startMs, endMs } of receiver.spans) expect(startMs).toBeLessThan(endMs);
});
