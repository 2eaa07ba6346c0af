import type { BudgetReport, BudgetReportEntry } from "../budget/budget-report";
import { formatBar } from "../report/format/bar";
import { UNKNOWN } from "../report/format/columns";
import { formatTable, type TableColumn } from "../report/format/table";
import { formatCountOf, printable, usdColumn } from "../report/format/values";
import { dayBefore, dayIn, minuteIn, UTC } from "../report/time-zone";
import type { Style, Styles } from "./style";

const BAR_WIDTH = 10;

/** Budgets as text: a table, and what the table doesn't show. */
export function formatBudgets(
  { ledger, generatedAt, budgets }: BudgetReport,
  { columns, styles }: { readonly columns: number; readonly styles: Styles },
): string {
  const title = styles.strong(`Runledger budgets, ${minuteIn(UTC, generatedAt.replace("T", " "))} UTC`);
  const table = formatTable(columnsOf(budgets, styles), budgets, columns);
  return [`${title}\n${styles.faint(printable(ledger))}\n`, table, notesOn(budgets)]
    .filter((part) => part !== "")
    .join("\n");
}

type Column = TableColumn<BudgetReportEntry>;

function columnsOf(budgets: readonly BudgetReportEntry[], styles: Styles): readonly Column[] {
  const usd = usdColumn(budgets.flatMap(({ spentUsd, limitUsd }) => [spentUsd, limitUsd]));
  const hasValues = budgets.some(({ value }) => value !== null);
  return [
    { header: "budget", text: ({ budget }) => budget, canWrap: true },
    ...(hasValues
      ? [{ header: "of", text: ({ value }: BudgetReportEntry) => value ?? "", canWrap: true }]
      : []),
    { header: "last day", text: lastDayOf, omission: 2 },
    {
      header: "",
      text: ({ share }) => formatBar(Math.min(1, share), BAR_WIDTH).padEnd(BAR_WIDTH, "·"),
      style: (cell, entry) => styleOf(entry, styles)(cell),
    },
    { header: "spent", text: ({ spentUsd }) => usd(spentUsd), align: "right" },
    { header: "limit", text: ({ limitUsd }) => usd(limitUsd), align: "right", omission: 1 },
    { header: "left", text: ({ remainingUsd }) => usd(remainingUsd), align: "right" },
    {
      header: "at the end",
      text: ({ projectedUsd }) => (projectedUsd === null ? UNKNOWN : usd(projectedUsd)),
      align: "right",
    },
    { header: "reached on", text: ({ reachedOn }) => reachedOn ?? UNKNOWN },
  ];
}

function styleOf({ exceeded, projectedUsd, limitUsd }: BudgetReportEntry, styles: Styles): Style {
  if (exceeded) return styles.bad;
  return projectedUsd !== null && projectedUsd > limitUsd ? styles.warning : styles.good;
}

function lastDayOf({ per, period, timeZone }: BudgetReportEntry): string {
  if (per === "execution") return "each run";
  return period.until === null ? UNKNOWN : dayBefore(dayIn(timeZone, Date.parse(period.until)), 1);
}

function notesOn(budgets: readonly BudgetReportEntry[]): string {
  const nameOf = ({ budget, value }: BudgetReportEntry) => (value === null ? budget : `${budget}, ${value}`);
  const exceeded = budgets.filter((entry) => entry.exceeded).map((entry) => `Exceeded: ${nameOf(entry)}.`);
  const unknown = budgets
    .filter(({ unknownCosts }) => unknownCosts > 0)
    .map((entry) => `${formatCountOf(entry.unknownCosts, "execution")} without a cost: ${nameOf(entry)}.`);
  const bases = [...new Set(budgets.map(({ basis }) => basis))];
  return [...exceeded, ...unknown, "Amounts are in US dollars.", ...bases]
    .map((note) => `${printable(note)}\n`)
    .join("");
}
