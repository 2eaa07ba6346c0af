import type { Change, ChangedName, ChangeKey, ChangesReport } from "../changes-report";
import { sumOfChanges } from "../sum-of-changes";
import type { Usage } from "../types";
import { cost, duration, headerOf, tokenCount, UNKNOWN } from "./columns";
import { tokensOf } from "./groups";
import { formatPeriod } from "./period";
import { formatTable, type TableColumn } from "./table";
import { formatNotes, type TextOptions } from "./text";
import { formatCount, formatShare, formatUsd, printable, usdColumn } from "./values";

/**
 * Two periods as text: their numbers side by side, and a table of changes for each key, with a limited number of names.
 */
export function formatChangesText(report: ChangesReport, limit: number, options: TextOptions): string {
  const { columns, styles } = options;
  const { filter, comparedWith, before, now } = report;
  const [period, other] = [filter, { ...filter, ...comparedWith }].map(formatPeriod);
  const title = styles.strong(`Runledger changes, ${period}`);
  const details = styles.faint(printable(`against ${other} · ${report.ledger}`));
  const tables = Object.entries(report.changes).map(([name, changes]) => {
    const key = name as ChangeKey;
    const rows = shown(key, changes, limit);
    const title = styles.strong(`By ${headerOf(key)}`);
    return rows.length === 0 ? "" : `${title}\n${formatTable(changeColumns(key, rows), rows, columns)}`;
  });
  return [
    `${title}\n${details}\n`,
    formatTable(FACT_COLUMNS, factsOf(before, now), columns),
    ...tables,
    formatNotes(report, options),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

interface Fact {
  readonly label: string;
  readonly before: string;
  readonly now: string;
  readonly difference: string;
}

const FACT_COLUMNS: readonly TableColumn<Fact>[] = [
  { header: "", text: ({ label }) => label },
  { header: "before", text: ({ before }) => before, align: "right" },
  { header: "now", text: ({ now }) => now, align: "right" },
  { header: "difference", text: ({ difference }) => difference, align: "right" },
];

/** Each number of both periods, with its difference. */
function factsOf(before: Usage, now: Usage): readonly Fact[] {
  const fact = (
    label: string,
    read: (usage: Usage) => number | null,
    text: (usage: Usage) => string,
    difference: (value: number) => string,
  ): Fact => {
    const [from, to] = [read(before), read(now)];
    const [textBefore, textNow] = [text(before), text(now)];
    const isKnown = from !== null && to !== null && textBefore !== UNKNOWN && textNow !== UNKNOWN;
    return {
      label,
      before: textBefore,
      now: textNow,
      difference: isKnown ? withShare(difference, to - from, from) : UNKNOWN,
    };
  };
  const count = (label: string, read: (usage: Usage) => number) =>
    fact(label, read, (usage) => formatCount(read(usage)), formatCount);
  const usd = (label: string, read: (usage: Usage) => number | null) =>
    fact(label, read, (usage) => cost(usage, read(usage)), formatUsd);
  const time = (label: string, read: (usage: Usage) => number | null) =>
    fact(label, read, (usage) => duration(read(usage)), duration);
  return [
    usd("Cost USD", ({ costUsd }) => costUsd),
    usd("per execution", ({ costPerExecutionUsd }) => costPerExecutionUsd),
    usd("on failures", ({ failedCostUsd }) => failedCostUsd),
    count("Executions", ({ executions }) => executions),
    count("failed", ({ failures }) => failures),
    count("without cost", ({ withoutCost }) => withoutCost),
    fact("Tokens", tokensOf, (usage) => tokenCount(usage, tokensOf(usage)), formatCount),
    time("Duration, average", ({ averageDurationMs }) => averageDurationMs),
    time("p95", ({ p95DurationMs }) => p95DurationMs),
  ];
}

function withShare(format: (value: number) => string, difference: number, before: number): string {
  const share = before === 0 || difference === 0 ? "" : ` (${signed(difference / before, formatShare)})`;
  return `${signed(difference, format)}${share}`;
}

function signed(value: number, format: (value: number) => string): string {
  if (value === 0) return format(0);
  return `${value > 0 ? "+" : "−"}${format(Math.abs(value))}`;
}

/** The largest changes, and one row that adds up the others, so that the table still is the whole difference. */
function shown(key: ChangeKey, changes: readonly Change[], limit: number): readonly Change[] {
  const others = changes.slice(limit);
  if (others.length < 2) return changes;
  return [
    ...changes.slice(0, limit),
    {
      ...({ [key]: `${formatCount(others.length)} others` } as ChangedName),
      ...sumOfChanges(others),
    },
  ];
}

function changeColumns(key: ChangeKey, rows: readonly Change[]): readonly TableColumn<Change>[] {
  const usd = usdColumn(rows.flatMap(({ beforeUsd, nowUsd }) => [beforeUsd, nowUsd]));
  const amount = (
    header: string,
    text: (change: Change) => string,
    omission?: number,
  ): TableColumn<Change> => ({
    header,
    text,
    align: "right",
    ...(omission !== undefined && { omission }),
  });
  const known = (amountUsd: number, withoutCost: number) =>
    amountUsd === 0 && withoutCost > 0 ? UNKNOWN : usd(amountUsd);
  return [
    { header: headerOf(key), text: (change) => change[key] ?? "", canWrap: true },
    amount("before USD", ({ beforeUsd, withoutCostBefore }) => known(beforeUsd, withoutCostBefore), 2),
    amount("now USD", ({ nowUsd, withoutCostNow }) => known(nowUsd, withoutCostNow), 1),
    amount("difference", ({ differenceUsd }) => signed(differenceUsd, usd)),
    amount("runs before", ({ executionsBefore }) => formatCount(executionsBefore), 4),
    amount("runs now", ({ executionsNow }) => formatCount(executionsNow), 3),
  ];
}
