import type { ValidRecord } from "./models";
import { hasPlainFields } from "./plain-record";
import { snapshot } from "./snapshot";
import { completedMsOf } from "./time";
import type { TelemetryRecord } from "./types";
import { validate } from "./validate";

/** An event as the ledger would store it, and when it completed. */
export interface ReadEvent {
  readonly record: ValidRecord;
  readonly completedMs: number;
}

/**
 * Reads an event as the ledger would, and refuses what the ledger would refuse. For listeners that keep no copy.
 *
 * @throws {RunledgerError} `INVALID_RECORD`
 */
export function readEvent(event: TelemetryRecord): ReadEvent {
  const plain = readPlain(event);
  if (plain !== undefined) return plain;
  const record = validate(snapshot(event), "record");
  // An id that the snapshot made up is not the one in the ledger.
  const executionId = event.executionId ?? undefined;
  return { record: { ...record, executionId }, completedMs: record.completedAt ?? Date.now() };
}

function readPlain(event: TelemetryRecord): ReadEvent | undefined {
  try {
    if (typeof event !== "object" || event === null || !hasPlainFields(event)) return undefined;
    const completedMs = completedMsOf(event.completedAt);
    return completedMs === undefined ? undefined : { record: event as ValidRecord, completedMs };
  } catch {
    // A getter threw.
    return undefined;
  }
}
