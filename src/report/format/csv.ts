import { stringify } from "csv-stringify/sync";

/** What a CSV field can be; `null` is an empty field. */
export type CsvValue = string | number | null;

/**
 * Lines of CSV as in RFC 4180, each ending in CRLF. Text that a spreadsheet would take for a formula gets an apostrophe
 * in front; numbers stay as they are.
 */
export function formatCsv(rows: readonly (readonly CsvValue[])[]): string {
  return stringify([...rows], {
    record_delimiter: "windows",
    escape_formulas: true,
    quoted_match: /[\r\n]/,
    cast: { number: (value) => String(value) },
  });
}
