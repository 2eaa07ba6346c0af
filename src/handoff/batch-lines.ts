import { type Batch, isPlain, recordsOf } from "./batch";

const NEWLINE = 10;
/**
 * `recordsOf` puts the id first in each record. Inside a JSON string, quotation marks are escaped, so this can only be
 * between two records.
 */
const BETWEEN_RECORDS = '},{"executionId":"';

/**
 * The records of a batch as JSON lines in UTF-8, with a newline before the first and after the last. The separators
 * are replaced in place: a host that spills has neither the time nor the memory for a string per record.
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

/** For a batch that contains anything but plain records. */
function lineByLine(records: readonly unknown[]): Uint8Array {
  return Buffer.from(`\n${records.map((record) => JSON.stringify(record)).join("\n")}\n`);
}
