import type { Ledger } from "../report/database/ledger";
import { formatPeriod } from "../report/format/period";
import { formatCount, printable } from "../report/format/values";
import { dayIn } from "../report/time-zone";
import type { ExecutionFilter, UsageGroup, UsageReport } from "../report/types";
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
    const advice = `--since ${groups[0]?.day}${filter.until === undefined ? "" : " without --until"}`;
    return `No executions in this period: ${formatPeriod(asked)}. There ${whatThereIs(groups, asked.timeZone)}: try ${advice}\n`;
  }
  const all = await usageReport(ledger);
  if (all.totals.executions > 0) {
    return `No execution matches. There ${howMany(all.totals.executions)} in ${printable(ledger.location)}: leave out ${filtersIn(asked)}\n`;
  }
  return `${printable(ledger.location)} holds no executions yet: an application with the telemetry plugin records them, "runledger import FILE" takes them from a file\n`;
}

/** Executions dated after today are counted separately, so that they don't stretch the span by years. */
function whatThereIs(days: readonly UsageGroup[], timeZone: string): string {
  const today = dayIn(timeZone, Date.now());
  const [later, others] = [days.filter(isLater), days.filter((group) => !isLater(group))];
  const [main, further] = others.length > 0 ? [others, later] : [later, []];
  const more = further.length === 0 ? "" : `, and ${formatCount(sumOf(further))} dated ${spanOf(further)}`;
  return `${howMany(sumOf(main))} ${main.length === 1 ? "on" : "from"} ${spanOf(main)}${more}`;

  function isLater({ day = "" }: UsageGroup): boolean {
    return day > today;
  }
}

function sumOf(groups: readonly UsageGroup[]): number {
  return groups.reduce((sum, { executions }) => sum + executions, 0);
}

function spanOf(days: readonly UsageGroup[]): string {
  const [first = "", last = ""] = [days[0]?.day, days.at(-1)?.day];
  return printable(first === last ? first : `${first} to ${last}`);
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
    "--label": asked.labels,
    "--pr": asked.pullRequest,
    "--session": asked.session,
    "--ledger": asked.ledger,
    "--failed": asked.failedOnly ? true : null,
  };
  return Object.entries(options)
    .flatMap(([option, value]) => (value === null ? [] : [option]))
    .join(" or ");
}
