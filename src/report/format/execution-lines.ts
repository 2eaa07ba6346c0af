import type { ExecutionRow } from "../../ledger/schema";
import { PRINTED_FIELDS, printedExecution } from "../execution-record";
import { type CsvValue, formatCsv } from "./csv";
import { formatJsonLine } from "./json";

/** Turns executions into text, or bytes, page by page. */
export interface ExecutionFormat<Data = string> {
  /** The next page; the first may be empty. */
  page(rows: readonly ExecutionRow[]): Data;
  /** What comes after the last page. */
  end(): Data;
}

/** One JSON object a line. */
export function jsonLines(toObject: (row: ExecutionRow) => object): ExecutionFormat {
  return {
    page: (rows) => rows.map((row) => formatJsonLine(toObject(row))).join(""),
    end: () => "",
  };
}

/** One table with a header, even without rows. */
export function csvLines(): ExecutionFormat {
  let head: CsvValue[][] = [[...PRINTED_FIELDS]];
  return {
    page(rows) {
      const values = rows.map((row) => {
        const execution = printedExecution(row);
        return PRINTED_FIELDS.map((field) =>
          field === "models" || field === "labels"
            ? execution[field] && JSON.stringify(execution[field])
            : execution[field],
        );
      });
      const text = formatCsv([...head, ...values]);
      head = [];
      return text;
    },
    end: () => (head.length > 0 ? formatCsv(head) : ""),
  };
}
