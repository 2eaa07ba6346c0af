import { type Batch, isPlain, recordsOf } from "./batch";

const NEWLINE = 10;
/**
 * As `recordsOf` makes them, records begin with their id; within a string of JSON no quotation mark stands unescaped.
 */
const BETWEEN_RECORDS = '},{"executionId":"';

/**
 * The records of a batch as JSON, one a line, in UTF-8, with a newline before the first and after the last. They become
 * lines in place: a host that spills has no time for a string per record, and no memory.
 */
export function toLines(batch: Batch): Uint8Array {
  const records = recordsOf(batch);
  if (!isPlain(batch)) return lineByLine(records);
  const bytes = Buffer.from(JSON.stringify(records));
  for (let at = bytes.indexOf(BETWEEN_RECORDS); at >= 0; at = bytes.indexOf(BETWEEN_RECORDS, at + 1)) {
    bytes[at + 1] = NEWLINE;
  }
  bytes[0] = NEWLINE;
  bytes[bytes.length - 1] = NEWLINE;
  return bytes;
}

/** For a batch with something else in it than records. */
function lineByLine(records: readonly unknown[]): Uint8Array {
  return Buffer.from(`\n${records.map((record) => JSON.stringify(record)).join("\n")}\n`);
}
