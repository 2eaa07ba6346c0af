import { Command } from "commander";
import { type BudgetReport, budgetReport } from "../budget/budget-report";
import { openLedger } from "../report/database/open-ledger";
import { formatJson } from "../report/format/json";
import { formatBudgets } from "./budget-text";
import { CONFIG_FILE, loadConfig } from "./config";
import { addDbOption, type DbOption, dbPathOf } from "./db-option";
import { EndedError } from "./failure";
import { examples, parseCount } from "./options";
import { createStyles } from "./style";
import type { Terminal } from "./terminal";

/** How many values of a budget are shown, unless --limit says otherwise. */
const SHOWN_VALUES = 10;

interface Options extends DbOption {
  readonly config?: string;
  readonly limit?: number;
  readonly json?: true;
}

/** `runledger budget` */
export function budgetCommand(terminal: Terminal): Command {
  const command = new Command("budget")
    .summary("what is left of each budget")
    .description(
      "Shows each budget in a configuration file: what is spent and left of it, what will be spent by the end of its period, and on which day its limit will be reached. Exit code 1 if one is exceeded, for cron and CI.",
    )
    .option("--config <file>", `the configuration file; default: ./${CONFIG_FILE}`);
  return addDbOption(command)
    .option(
      "--limit <count>",
      `for a budget with each: how many values, those that spent most; default: ${SHOWN_VALUES}, with --json all`,
      parseCount,
    )
    .option("--json", "one JSON object")
    .addHelpText("after", examples("runledger budget", "runledger budget --config ops/budgets.ts --json"))
    .action((options: Options) => budget(options, terminal));
}

async function budget(options: Options, terminal: Terminal): Promise<void> {
  const { json = false, limit = json ? Number.POSITIVE_INFINITY : SHOWN_VALUES } = options;
  const config = loadConfig(options.config ?? CONFIG_FILE);
  await using ledger = await openLedger(dbPathOf(options, config));
  const report = await budgetReport(ledger, config, limit);
  await terminal.write(json ? formatJson(report) : textOf(report, terminal));
  if (report.budgets.some(({ exceeded }) => exceeded)) throw new EndedError(1);
}

function textOf(report: BudgetReport, terminal: Terminal): string {
  return formatBudgets(report, { columns: terminal.columns, styles: createStyles(terminal.hasColor) });
}
