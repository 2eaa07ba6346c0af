import { expect } from "bun:test";
import { toExecutionRow } from "../../src/ledger/row";
import type { TelemetryRecord } from "../../src/record/types";

/** The context of the records in these tests. */
export const context = { repo: "o/r", eventType: "push", labels: { team: "core" }, durationMs: 1_500 };
/** A text that no record may contain. */
export const MARKER = "do not tell";

/** The row that a record becomes in the ledger. None of these records has a cost. */
export function rowOf(record: TelemetryRecord) {
  expect(JSON.stringify(record)).not.toContain(MARKER);
  const row = toExecutionRow(record);
  expect(row).toMatchObject({
    cost_source: "unknown",
    labels: '{"team":"core"}',
    duration_ms: 1_500,
    repo: "o/r",
  });
  return row;
}
