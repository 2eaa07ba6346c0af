import { isTimeKey } from "../periods";
import type { GroupKey, Usage, UsageGroup, UsageReport } from "../types";
import { headerOf, USAGE_COLUMNS, type UsageRow } from "./columns";
import { type CsvValue, formatCsv } from "./csv";
import { type ArrangeOptions, amountOf, arrangeGroups, type SortKey, sumUsage } from "./groups";
import { SORTED_COLUMNS } from "./layouts";
import type { TableColumn } from "./table";

/** A row of a pivot table: the usage of one value of the first key, in total and by the values of the second. */
export interface PivotRow {
  readonly name: string;
  readonly usage: Usage;
  readonly byValue: ReadonlyMap<string, Usage>;
}

/** A report by two keys, with the values of the second as columns. */
export interface PivotTable {
  readonly rowKey: GroupKey;
  readonly columnKey: GroupKey;
  /** What the cells show. */
  readonly measure: SortKey;
  /** The values of the second key. */
  readonly values: readonly string[];
  readonly rows: readonly PivotRow[];
  readonly total: PivotRow;
}

/** Turns a report by two keys into a pivot table. The cells are costs, or the amount that the rows are sorted by. */
export function pivot(report: UsageReport, { sort, limit }: ArrangeOptions): PivotTable {
  const [rowKey = "repo", columnKey = "model"] = report.by;
  const [ofRows, ofColumns] = [rowKey, columnKey].map((key) => report.subtotals?.[key] ?? []);
  const table = arrangeGroups([rowKey], ofRows ?? [], { sort, limit });
  const columns = arrangeGroups([columnKey], ofColumns ?? [], {
    sort: isTimeKey(columnKey) ? undefined : sort,
  });
  const cells = Map.groupBy(report.groups, (group) => group[rowKey] ?? "");
  const cellsOf = (groups: readonly UsageGroup[]) =>
    new Map(groups.map((group) => [group[columnKey] ?? "", group as Usage]));
  const shown = new Set(table.groups.map((group) => group[rowKey] ?? ""));
  const hidden = report.groups.filter((group) => !shown.has(group[rowKey] ?? ""));
  const others = table.others.map(
    ({ count, areEarlier, usage }): PivotRow => ({
      name: `${count} ${areEarlier ? "earlier" : count === 1 ? "other" : "others"}`,
      usage,
      byValue: new Map(
        Array.from(
          Map.groupBy(hidden, (group) => group[columnKey] ?? ""),
          ([value, some]) => [value, sumUsage(some)],
        ),
      ),
    }),
  );
  const rows = table.groups.map((group): PivotRow => {
    const name = group[rowKey] ?? "";
    return { name, usage: group, byValue: cellsOf(cells.get(name) ?? []) };
  });
  return {
    rowKey,
    columnKey,
    measure: sort === undefined || sort === "name" ? "cost" : sort,
    values: columns.groups.map((group) => group[columnKey] ?? ""),
    rows: isTimeKey(rowKey) ? [...others, ...rows] : [...rows, ...others],
    total: { name: "total", usage: report.totals, byValue: cellsOf(ofColumns ?? []) },
  };
}

/** The columns of the text. If there is too little room, the last values are left out; of times, the first. */
export function pivotColumns(table: PivotTable): readonly TableColumn<PivotRow>[] {
  const { rowKey, columnKey, measure, values, rows, total } = table;
  const usages = [...rows, total].flatMap(({ usage, byValue }) => [usage, ...byValue.values()]);
  const [name = "cost"] = SORTED_COLUMNS[measure];
  const { header, text } = USAGE_COLUMNS[name](usages.map((usage): UsageRow => ({ names: [], usage })));
  const cell = (usage: Usage | undefined) => (usage === undefined ? "" : text({ names: [], usage }));
  return [
    { header: headerOf(rowKey), text: (row) => row.name, canWrap: !isTimeKey(rowKey) },
    ...values.map(
      (value, index): TableColumn<PivotRow> => ({
        header: value,
        text: ({ byValue }) => cell(byValue.get(value)),
        align: "right",
        omission: isTimeKey(columnKey) ? values.length - index : index + 1,
      }),
    ),
    { header: `total ${header}`, text: ({ usage }) => cell(usage), align: "right" },
  ];
}

/** All of it as CSV: a cell without executions is empty. */
export function formatPivotCsv({ rowKey, measure, values, rows, total }: PivotTable): string {
  const amount = amountOf(measure);
  const valuesOf = ({ name, usage, byValue }: PivotRow): CsvValue[] => [
    name,
    ...values.map((value) => {
      const cell = byValue.get(value);
      return cell === undefined ? null : amount(cell);
    }),
    amount(usage),
  ];
  return formatCsv([[rowKey, ...values, "total"], ...[...rows, total].map(valuesOf)]);
}
