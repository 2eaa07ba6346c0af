import type { Ledger } from "../report/database/ledger";
import { formatPeriod } from "../report/format/period";
import { formatCount, printable } from "../report/format/values";
import type { ExecutionFilter, UsageReport } from "../report/types";
import { usageReport } from "../report/usage-report";

/** One line that says why a report is empty, and what to do. */
export async function explainNothing(
  ledger: Ledger,
  filter: ExecutionFilter,
  { filter: asked }: Pick<UsageReport, "filter">,
): Promise<string> {
  const ofAnyTime = await usageReport(ledger, { ...filter, since: undefined, until: undefined, by: ["day"] });
  const { groups, totals } = ofAnyTime;
  if (totals.executions > 0) {
    const [first = "", last = ""] = [groups[0]?.day, groups.at(-1)?.day];
    const found = first === last ? `on ${first}` : `from ${first} to ${last}`;
    const advice = `--since ${first}${asked.until === null ? "" : " without --until"}`;
    return `No executions in this period: ${formatPeriod(asked)}. There ${howMany(totals.executions)} ${found}: try ${advice}\n`;
  }
  const all = await usageReport(ledger);
  if (all.totals.executions > 0) {
    return `No execution matches. There ${howMany(all.totals.executions)} in ${printable(ledger.location)}: leave out ${filtersIn(asked)}\n`;
  }
  return `${printable(ledger.location)} holds no executions yet: an application with the telemetry plugin records them, "runledger import FILE" takes them from a file\n`;
}

function howMany(executions: number): string {
  return executions === 1 ? "is 1 execution" : `are ${formatCount(executions)} executions`;
}

function filtersIn(asked: UsageReport["filter"]): string {
  const options = {
    "--repo": asked.repo,
    "--model": asked.model,
    "--provider": asked.provider,
    "--event-type": asked.eventType,
    "--conclusion": asked.conclusion,
  };
  return Object.entries(options)
    .flatMap(([option, value]) => (value === null ? [] : [option]))
    .join(" or ");
}
