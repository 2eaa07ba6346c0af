import type { TelemetryRecord } from "../../src/record/types";
import type { TranscriptReader } from "../../src/transcripts/transcript";
import { recordsOf } from "../../src/transcripts/turn";

const START_MS = Date.parse("2026-03-01T10:00:00Z");
/** A text that no record may have in it. */
export const MARKER = "do not tell";

/** The time of a row, so many minutes after the first. */
export const at = (minutes: number) => new Date(START_MS + minutes * 60_000).toISOString();

export interface RowsOfFile {
  readonly path: string;
  readonly rows: readonly object[];
  readonly growsFromMs?: number;
}

/** The records of the turns of a session, whose files nobody writes to any more unless it is said. */
export function recordsIn(reader: TranscriptReader, ...files: readonly RowsOfFile[]): TelemetryRecord[] {
  for (const { path, rows, growsFromMs = Number.POSITIVE_INFINITY } of files) {
    reader.beginFile({ path });
    for (const [index, row] of rows.entries()) reader.see(row, index + 1);
    reader.endFile(growsFromMs);
  }
  return reader.turns().flatMap((turn) => recordsOf(turn, { repo: "o/r", eventType: "turn" }).records);
}

/** The same value with the marker in every text, except those of names that a record may have, and of structure. */
export function marked(value: unknown, key = ""): unknown {
  if (typeof value === "string") return KEPT.has(key) ? value : `${MARKER}: ${value}`;
  if (Array.isArray(value)) return value.map((item) => marked(item, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, marked(item, name)]));
}

const KEPT = new Set(
  "type role uuid parentUuid sessionId id requestId timestamp cwd gitBranch model promptId turn_id model_provider service_tier".split(
    " ",
  ),
);
