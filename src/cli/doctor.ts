import { Command } from "commander";
import { examine } from "../doctor/examine";
import { examinePostgres } from "../doctor/examine-postgres";
import type { Finding } from "../doctor/finding";
import { healthReport } from "../doctor/report";
import { isPostgresUrl, parsePostgresUrl } from "../postgres/url";
import { formatJson } from "../report/format/json";
import { addDbOption, type DbOption, dbFileOf, dbPathOf } from "./db-option";
import { EndedError } from "./failure";
import { examples } from "./options";
import { createStyles, type Styles } from "./style";
import type { Terminal } from "./terminal";

interface Options extends DbOption {
  readonly quick?: true;
  readonly json?: true;
}

const DESCRIPTION = `Checks a ledger: its files, SQLite's integrity check, schema and indexes, whether the daily rollup matches the rows, recent incidents, free pages, and whether a reader holds back the write-ahead log. Exit code 1 if something is wrong; each finding comes with its remedy.

Applications can keep writing. Some checks read the whole ledger, during which the write-ahead log grows: --quick skips them.`;

/** `runledger doctor` */
export function doctorCommand(terminal: Terminal): Command {
  const command = new Command("doctor")
    .summary("check the ledger's health, and say what to do")
    .description(DESCRIPTION);
  return addDbOption(command)
    .option("--quick", "skip the checks that read the whole ledger")
    .option("--json", "one JSON object")
    .addHelpText("after", examples("runledger doctor", "runledger doctor --quick --json"))
    .action((options: Options) => doctor(options, terminal));
}

async function doctor(options: Options, terminal: Terminal): Promise<void> {
  const isQuick = options.quick === true;
  const isPostgres = isPostgresUrl(dbPathOf(options));
  const ledger = isPostgres ? parsePostgresUrl(dbPathOf(options)).name : dbFileOf(options);
  const styles = createStyles(terminal.hasColor);
  const findings: Finding[] = [];
  const all = isPostgres ? examinePostgres(dbPathOf(options), isQuick) : examine(ledger, isQuick);
  for await (const finding of all) {
    findings.push(finding);
    if (options.json !== true) await terminal.write(toText(finding, styles));
  }
  const report = healthReport(ledger, findings);
  if (options.json === true) await terminal.write(formatJson(report));
  if (!report.ok) throw new EndedError(1);
}

function toText({ check, level, message, remedy }: Finding, { good, warning, bad, faint }: Styles): string {
  const style = { ok: good, note: warning, problem: bad }[level];
  const line = `${style(level.padEnd(7))}  ${check}: ${message}\n`;
  return remedy === undefined ? line : `${line}         ${faint(`→ ${remedy}`)}\n`;
}
