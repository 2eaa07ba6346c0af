import { RECORD_FIELDS } from "./fields";
import { toPayload } from "./payload";
import { stamp } from "./stamp";
import type { TelemetryRecord } from "./types";

/** Longest text of an unknown field that is kept: whoever attaches a transcript is not made to wait for it. */
const LONGEST_EXTRA = 200;

/**
 * An event that is no plain record, as it is now, ready for JSON, with its identity and its time: the schema has to look
 * at it. Never throws: what is no valid record comes out as what the writer will reject, and keep for a person to see.
 */
export function snapshot(event: TelemetryRecord): unknown {
  try {
    if (typeof event !== "object" || event === null || Array.isArray(event)) return toPayload(event);
    const record = stamp(event);
    // JSON takes an invalid Date for null, which would be the time of writing.
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
 * What JSON would lose (NaN, bigints, infinity) is spelled out. Small unknown fields are kept, as they tell a person
 * where the record came from.
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
