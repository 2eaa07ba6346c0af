import type { ExecutionRow } from "../ledger/schema";
import { PRINTED_FIELDS, printedExecution } from "../report/execution-record";
import { type CsvValue, formatCsv } from "../report/format/csv";
import { formatJsonLine } from "../report/format/json";
import { layOutTable, type TableLayout } from "../report/format/table";
import { executionColumns } from "./execution-columns";
import { createStyles } from "./style";
import type { Terminal } from "./terminal";

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

/** One table with a header, which is there without rows too. */
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

/** A table for people, its times in a time zone, fitted to the terminal by its first page. */
export function textTable({ columns, hasColor }: Terminal, timeZone: string): ExecutionFormat {
  const styles = createStyles(hasColor);
  let layout: TableLayout<ExecutionRow> | undefined;
  return {
    page(rows) {
      if (layout !== undefined) return layout.format(rows);
      if (rows.length === 0) return "";
      layout = layOutTable(executionColumns(styles, timeZone, rows), rows, columns);
      return layout.head + layout.format(rows);
    },
    end() {
      if (layout === undefined) return "No execution matches.\n";
      if (layout.omitted.length === 0) return "";
      const named = `Too narrow for ${layout.omitted.join(", ")}: --json has all.`;
      const counted = `Too narrow for ${layout.omitted.length} columns: --json has all.`;
      return `${styles.faint(named.length > columns ? counted : named)}\n`;
    },
  };
}
