import { Command } from "commander";
import { type ChangesReport, changesReport } from "../report/changes-report";
import { openLedger } from "../report/database/open-ledger";
import { formatChangesText } from "../report/format/changes-text";
import { formatJson } from "../report/format/json";
import { addDbOption, type DbOption, dbPathOf } from "./db-option";
import { addFilterOptions, type FilterOptions, filterOf } from "./filter-options";
import { examples, parseCount } from "./options";
import { createStyles } from "./style";
import type { Terminal } from "./terminal";

/** How many names a table has, unless --limit says otherwise; the others are summed up. */
const TABLE_ROWS = 10;

interface Options extends DbOption, FilterOptions {
  readonly compare?: string;
  readonly limit?: number;
  readonly json?: true;
}

/** `runledger changes` */
export function changesCommand(terminal: Terminal): Command {
  const command = new Command("changes")
    .summary("what costs more or less than before, and why")
    .description(
      "Compares a period with the one before, and shows which repositories, models, event types and labels made the difference, the largest first; the rows of a table add up to all of it. By default this month so far is compared with the same part of last month.",
    );
  return addFilterOptions(addDbOption(command))
    .option(
      "--compare <period>",
      "what to compare with: previous, a month such as 2026-09, or the period that starts on a day such as 2026-09-15; default: previous",
    )
    .option("--limit <count>", `names per table; the others are added up; default: ${TABLE_ROWS}`, parseCount)
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      examples("runledger changes", "runledger changes --since last-month --until this-month --json"),
    )
    .action((options: Options) => changes(options, terminal));
}

async function changes(options: Options, terminal: Terminal): Promise<void> {
  await using ledger = await openLedger(dbPathOf(options));
  const report = await changesReport(ledger, { ...filterOf(options), compare: options.compare });
  await terminal.write(options.json === true ? formatJson(report) : textOf(report, options, terminal));
}

function textOf(report: ChangesReport, { limit = TABLE_ROWS }: Options, terminal: Terminal): string {
  const styles = createStyles(terminal.hasColor);
  return formatChangesText(report, limit, { columns: terminal.columns, styles });
}
