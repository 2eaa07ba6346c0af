import { setImmediate } from "node:timers/promises";
import { toPayload } from "../record/payload";
import type { TelemetryRecord } from "../record/types";
import { type RecordText, type Splitter, splitLines, splitterFor } from "./splitters";
import { readText } from "./text-source";

/** The namespace of the ids for records without one; never to change. */
const NAMESPACE = "5e1d7c0a-3b0f-4c39-9a6e-0f4f6d1b2a77";

/** One record's text in a file. */
export interface SourceRecord {
  /** Starting from 1. */
  readonly line: number;
  /** An object with a record's fields; the text if it isn't an object. */
  readonly record: Partial<TelemetryRecord> | string;
}

/** The records that a chunk of a file completes. */
export interface SourceChunk {
  readonly bytes: number;
  readonly records: readonly SourceRecord[];
}

/**
 * The records of a stream of {@link readText}: JSON lines, a JSON array, or consecutive objects, with or without a byte
 * order mark. No more than one chunk is in memory.
 *
 * A record without `executionId` gets one, computed from its content and from how many identical records came before
 * it, so that the same file always gives the same ids. For that, a hash of each such record stays in memory.
 *
 * @param read Makes the record of a text, or `undefined` if there is none. Default: the text is the record, as JSON.
 */
export async function* readRecords(
  stream: ReadableStream<Uint8Array>,
  name: string,
  read: (text: string) => SourceRecord["record"] | undefined = parse,
): AsyncGenerator<SourceChunk> {
  const identify = createIdentifier();
  const toRecords = ({ line, text }: RecordText): SourceRecord[] => {
    const record = read(text);
    return record === undefined ? [] : [{ line, record: identify(record) }];
  };
  let splitter: Splitter | undefined;
  let beginning = "";
  for await (const { bytes, text } of readText(stream, name)) {
    beginning += text;
    splitter ??= splitterFor(beginning);
    const texts = splitter?.push(beginning) ?? [];
    if (splitter !== undefined) beginning = "";
    yield { bytes, records: texts.flatMap(toRecords) };
    // Reading a file in Bun doesn't yield to the event loop, so signals would wait for the end of the file.
    await setImmediate();
  }
  splitter ??= splitLines();
  const rest = [...splitter.push(beginning), ...splitter.end()];
  yield { bytes: 0, records: rest.flatMap(toRecords) };
}

/** A text that isn't an object stays as it is: it is rejected, and kept that way. */
function parse(text: string): Partial<TelemetryRecord> | string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? withoutUnknown(value)
      : text;
  } catch {
    return text;
  }
}

/** `runledger executions --json` marks an unknown cost as such; a record leaves it out. */
function withoutUnknown(value: object): Partial<TelemetryRecord> {
  const isUnknown = "costSource" in value && value.costSource === "unknown";
  return isUnknown ? { ...value, costSource: null } : value;
}

function createIdentifier() {
  const seen = new Map<number, number>();
  return (record: Partial<TelemetryRecord> | string): Partial<TelemetryRecord> | string => {
    if (typeof record === "string" || record.executionId != null) return record;
    const content = toPayload(record);
    const hash = Number(Bun.hash.xxHash64(content) >> 11n);
    const before = seen.get(hash) ?? 0;
    seen.set(hash, before + 1);
    return { ...record, executionId: Bun.randomUUIDv5(`${content}\n${before}`, NAMESPACE) };
  };
}
