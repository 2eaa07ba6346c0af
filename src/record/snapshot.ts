import { RECORD_FIELDS } from "./fields";
import { toPayload } from "./payload";
import { stamp } from "./stamp";
import type { TelemetryRecord } from "./types";

/** Longest text of an unknown field that is kept, so that an attached transcript does not slow down the host. */
const LONGEST_EXTRA = 200;

/**
 * A snapshot, ready for JSON, of an event that is not a plain record, with its identity and time, for the schema to
 * check. Never throws: an invalid record comes out as something that the writer rejects and keeps as an incident.
 */
export function snapshot(event: TelemetryRecord): unknown {
  try {
    if (typeof event !== "object" || event === null || Array.isArray(event)) return toPayload(event);
    const record = stamp(event);
    // JSON turns an invalid Date into null, which would mean the time of writing.
    const { completedAt } = record;
    return readable({
      ...record,
      completedAt: completedAt instanceof Date ? completedAt.getTime() : completedAt,
    });
  } catch {
    return toPayload(event);
  }
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(RECORD_FIELDS);

/**
 * Values that JSON would lose (NaN, bigints, infinity) are spelled out. Small unknown fields are kept: they tell a
 * person where the record came from.
 */
function readable(record: TelemetryRecord): unknown {
  const fields = Object.entries(record).filter(
    ([key, value]) =>
      KNOWN_FIELDS.has(key) ||
      (typeof value === "string" ? value.length <= LONGEST_EXTRA : typeof value === "number"),
  );
  const payload = toPayload(Object.fromEntries(fields));
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}
