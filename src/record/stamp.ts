import { RECORD_FIELDS } from "./fields";
import type { TelemetryRecord } from "./types";
import { unreadable } from "./unreadable";

/**
 * A copy of the event with its identity and time. Later changes to the event don't affect it, and recording the copy
 * twice stores it once. A value that is not an object is returned unchanged.
 *
 * @throws {RunledgerError} `INVALID_RECORD` when a getter of the event throws.
 */
export function stamp(event: TelemetryRecord): TelemetryRecord {
  if (typeof event !== "object" || event === null || Array.isArray(event)) return event;
  const copy = copyOf(event);
  copy.executionId ??= Bun.randomUUIDv7();
  copy.completedAt =
    copy.completedAt instanceof Date ? new Date(copy.completedAt) : (copy.completedAt ?? new Date());
  return copy;
}

function copyOf(event: TelemetryRecord): TelemetryRecord {
  try {
    const copy: Partial<Record<keyof TelemetryRecord, unknown>> = { ...event };
    // A spread leaves out inherited accessors.
    for (const field of RECORD_FIELDS) {
      if (!(field in copy) && field in event) copy[field] = event[field];
    }
    if (typeof copy.labels === "object" && copy.labels !== null) copy.labels = { ...copy.labels };
    if (Array.isArray(copy.models)) copy.models = copy.models.map((usage) => ({ ...usage }));
    return copy as TelemetryRecord;
  } catch (cause) {
    throw unreadable(cause);
  }
}
