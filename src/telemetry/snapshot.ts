import { toPayload } from "./payload";
import { isPlainRecord } from "./plain-record";
import { RECORD_FIELDS } from "./record";
import type { TelemetryRecord } from "./types";

/** Longest text of an unknown field that is kept: whoever attaches a transcript is not made to wait for it. */
const LONGEST_EXTRA = 200;

/**
 * The event as it is now, with its identity and its time, ready for JSON: what the host does to it afterwards
 * changes nothing. Runs on the host's thread for every event, and never throws: what is no valid record comes out
 * as what the writer will reject, and keep for a person to see.
 */
export function snapshot(event: TelemetryRecord): unknown {
  try {
    if (typeof event !== "object" || event === null || Array.isArray(event)) return toPayload(event);
    const record = stamped(event);
    return isPlainRecord(record) ? record : oddity(record, event);
  } catch {
    return toPayload(event);
  }
}

/** Reads each field once. A literal, because its shape is always the same: that is what makes it fast. */
function stamped(event: TelemetryRecord): TelemetryRecord {
  const { completedAt } = event;
  return {
    executionId: event.executionId ?? Bun.randomUUIDv7(),
    completedAt: completedAt instanceof Date ? completedAt.getTime() : (completedAt ?? Date.now()),
    deliveryId: event.deliveryId,
    repo: event.repo,
    prNumber: event.prNumber,
    eventType: event.eventType,
    provider: event.provider,
    model: event.model,
    inputTokens: event.inputTokens,
    outputTokens: event.outputTokens,
    cacheReadTokens: event.cacheReadTokens,
    cacheCreationTokens: event.cacheCreationTokens,
    durationMs: event.durationMs,
    costUsd: event.costUsd,
    costSource: event.costSource,
    conclusion: event.conclusion,
    sessionId: event.sessionId,
    numTurns: event.numTurns,
    stopReason: event.stopReason,
  };
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(RECORD_FIELDS);

/**
 * A record that the schema has to look at: what JSON would lose (NaN, bigints, infinity) is spelled out, and small
 * unknown fields are kept, as they tell a person where it came from.
 */
function oddity(record: TelemetryRecord, event: object): unknown {
  const extras = Object.entries(event).filter(
    ([key, value]) =>
      !KNOWN_FIELDS.has(key) &&
      (typeof value === "string" ? value.length <= LONGEST_EXTRA : typeof value === "number"),
  );
  const payload = toPayload({ ...record, ...Object.fromEntries(extras) });
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}
