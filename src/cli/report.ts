import { Command } from "commander";
import { RunledgerError } from "../errors";
import type { Ledger } from "../report/database/ledger";
import { openLedger } from "../report/database/open-ledger";
import { forecast } from "../report/forecast";
import { SUMMARY_DAYS, summaryReport } from "../report/summary-report";
import { usageReport } from "../report/usage-report";
import { addDbOption, dbPathOf } from "./db-option";
import { addFilterOptions, filterOf } from "./filter-options";
import { examples } from "./options";
import { formatGroups, formatSummary } from "./report-formats";
import { explainNothing } from "./report-nothing";
import { addReportOptions, formatOf, type ReportOptions } from "./report-options";
import { createStyles } from "./style";
import type { Terminal } from "./terminal";

/** `runledger report` */
export function reportCommand(terminal: Terminal): Command {
  const command = new Command("report")
    .summary("what was spent, on what, and what failed")
    .description(
      `Adds up executions: cost, failures, tokens, durations. By default a summary by day, repo, model and event type, of the last ${SUMMARY_DAYS} days and today; with --by, one table, of all time. --since and --until choose another period.`,
    );
  return addReportOptions(addFilterOptions(addDbOption(command)))
    .addHelpText(
      "after",
      examples(
        "runledger report --since 90d --by month,model",
        "runledger report --repo 'octo-org/*' --by repo --sort failures --csv",
      ),
    )
    .action((options: ReportOptions) =>
      options.watch === true ? watch(options, terminal) : print(options, terminal),
    );
}

async function print(options: ReportOptions, terminal: Terminal): Promise<void> {
  await using ledger = await openLedger(dbPathOf(options));
  await terminal.write(await makeReport(ledger, options, terminal));
}

async function watch(options: ReportOptions, terminal: Terminal): Promise<void> {
  const { watchReport } = await import("./report-watch");
  const hint = createStyles(terminal.hasColor).faint("Drawn anew when something changes. Ctrl-C ends.");
  await watchReport(terminal, {
    dbPath: dbPathOf(options),
    report: async (ledger) => `${await makeReport(ledger, options, terminal)}\n${hint}\n`,
  });
}

/** The report that the options ask for, ready to be printed. */
async function makeReport(ledger: Ledger, options: ReportOptions, terminal: Terminal): Promise<string> {
  const { by, exact } = options;
  if (options.pivot === true && by?.length !== 2) {
    throw new RunledgerError("INVALID_OPTION", "--pivot is of two keys, such as --by month,model.");
  }
  const filter = { ...filterOf(options), exact };
  const text = { columns: terminal.columns, styles: createStyles(terminal.hasColor) };
  const format = formatOf(options);
  const explainsNothing = format === "text" || format === "markdown";
  const { since, until, exact: _, ...executions } = filter;
  const expected = options.forecast === true ? { forecast: await forecast(ledger, executions) } : {};
  if (by === undefined) {
    const report = { ...(await summaryReport(ledger, filter)), ...expected };
    if (explainsNothing && report.totals.executions === 0) return explainNothing(ledger, filter, report);
    return formatSummary(report, options, text);
  }
  const report = { ...(await usageReport(ledger, { ...filter, by })), ...expected };
  if (explainsNothing && report.totals.executions === 0) return explainNothing(ledger, filter, report);
  return formatGroups(report, options, text);
}
