import type { BudgetReport, BudgetReportEntry } from "../../budget/budget-report";
import { formatCount, formatShare } from "../../report/format/values";
import { useAnswer } from "./data";
import { money, orUnknown, UNKNOWN } from "./figures";
import { Panel, TableScroll } from "./parts";
import { apiPath, dayAfter, dayIn } from "./state";

/** How many values of a budget with `each` are shown: those that spent the most. */
const MOST_VALUES = 8;

/** What is left of each budget, in its own period and for its own executions; nothing without budgets. */
export function Budgets({ version }: { readonly version: string }) {
  const loaded = useAnswer<BudgetReport>(apiPath("api/budgets", [["limit", `${MOST_VALUES}`]]), version);
  const budgets: readonly Entry[] = loaded.data?.budgets ?? [];
  if (budgets.length === 0 && loaded.problem === undefined) return null;
  const hasReserved = budgets.some(({ reservedUsd }) => reservedUsd !== undefined);
  const bases = [...new Set(budgets.map(({ basis }) => basis))];
  return (
    <Panel title="Budgets" loaded={loaded} className="budgets">
      <TableScroll label="Budgets: table">
        <table>
          <thead>
            <tr>
              {HEADERS.filter(([header]) => hasReserved || header !== RESERVED).map(([header, className]) => (
                <th key={header} scope="col" class={className}>
                  {header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {budgets.map((entry) => (
              <BudgetRow
                key={JSON.stringify([entry.budget, entry.value])}
                entry={entry}
                hasReserved={hasReserved}
              />
            ))}
          </tbody>
        </table>
      </TableScroll>
      <details class="basis">
        <summary>How</summary>
        {bases.map((basis) => (
          <p key={basis}>{basis}</p>
        ))}
      </details>
    </Panel>
  );
}

interface Entry extends BudgetReportEntry {
  /** How much of it the application has reserved. */
  readonly reservedUsd?: number;
}

const RESERVED = "reserved";
const HEADERS = [
  ["budget", ""],
  ["spent", "number"],
  [RESERVED, "number"],
  ["limit", "number"],
  ["left", "number"],
  ["last day", ""],
  ["at its end", "number"],
  ["reached on", ""],
] as const;

function BudgetRow({ entry, hasReserved }: { readonly entry: Entry; readonly hasReserved: boolean }) {
  const { budget, value, spentUsd, limitUsd, remainingUsd, projectedUsd, reachedOn, share } = entry;
  const state = stateOf(entry);
  return (
    <tr class={state} data-budget={JSON.stringify([budget, value])} data-spent={spentUsd}>
      <th scope="row">
        <span class="gauge" aria-hidden="true">
          <span style={{ width: `${Math.min(1, share) * 100}%` }} />
        </span>
        {budget}
        {value !== null && <span class="faint"> {value}</span>}
        {state === "exceeded" && <b class="bad"> exceeded</b>}
        {entry.unknownCosts > 0 && (
          <span class="faint"> · {formatCount(entry.unknownCosts)} without a cost</span>
        )}
      </th>
      <td class="number">
        {money(spentUsd)} <span class="faint">{formatShare(share)}</span>
      </td>
      {hasReserved && <td class="number">{money(entry.reservedUsd ?? 0)}</td>}
      <td class="number">{money(limitUsd)}</td>
      <td class="number">{money(remainingUsd)}</td>
      <td>{lastDayOf(entry)}</td>
      <td class={projectedUsd !== null && projectedUsd > limitUsd ? "number bad" : "number"}>
        {orUnknown(projectedUsd, money)}
      </td>
      <td class={reachedOn === null ? "" : "bad"}>{reachedOn ?? UNKNOWN}</td>
    </tr>
  );
}

function stateOf({ exceeded, projectedUsd, limitUsd }: BudgetReportEntry): string {
  if (exceeded) return "exceeded";
  return projectedUsd !== null && projectedUsd > limitUsd ? "running-out" : "";
}

function lastDayOf({ per, period: { until }, timeZone }: BudgetReportEntry): string {
  if (per === "execution") return "each run";
  return until === null ? UNKNOWN : dayAfter(dayIn(timeZone, Date.parse(until)), -1);
}
