import type { ExecutionRow } from "../ledger/schema";
import type { ExecutionFormat } from "../report/format/execution-lines";
import { layOutTable, type TableLayout } from "../report/format/table";
import { executionColumns } from "./execution-columns";
import { createStyles } from "./style";
import type { Terminal } from "./terminal";

/** A text table, with times in a time zone; its first page determines the column widths. */
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
