import { type Batch, bytesOf, type PackedBatch } from "./queue";

const NEWLINE = 10;
/** As `snapshot` makes them, records begin with their id; within a string of JSON no quotation mark stands unescaped. */
const BETWEEN_RECORDS = '},{"executionId":"';

/**
 * The records of a batch, one a line, in UTF-8, with a newline before the first and after the last. The brackets and
 * the commas of the array become newlines in place: a host that has to spill has no time to parse.
 */
export function toLines(batch: Batch | PackedBatch): Uint8Array {
  const bytes = bytesOf(batch);
  let lines = 1;
  for (let at = bytes.indexOf(BETWEEN_RECORDS); at >= 0; at = bytes.indexOf(BETWEEN_RECORDS, at + 1)) {
    bytes[at + 1] = NEWLINE;
    lines += 1;
  }
  bytes[0] = NEWLINE;
  bytes[bytes.length - 1] = NEWLINE;
  return lines === batch.size ? bytes : parsedLines(batch);
}

/** For a batch with something else in it than records. */
function parsedLines(batch: Batch | PackedBatch): Uint8Array {
  const values: unknown[] = JSON.parse(bytesOf(batch).toString());
  return Buffer.from(`\n${values.map((value) => JSON.stringify(value)).join("\n")}\n`);
}
