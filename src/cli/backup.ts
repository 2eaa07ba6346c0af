import { statSync } from "node:fs";
import { Command } from "commander";
import { formatBytes, formatCountOf } from "../report/format/values";
import { copyLedger } from "./copy-ledger";
import { addDbOption, type DbOption, dbFileOf } from "./db-option";
import { examples } from "./options";
import type { Terminal } from "./terminal";
import { createWhole } from "./whole-file";

/** `runledger backup` */
export function backupCommand(terminal: Terminal): Command {
  const command = new Command("backup")
    .summary("copy the ledger to a file, even while it is written to")
    .description(
      "Copies a consistent snapshot of the ledger, even while an application writes to it, and without blocking that. The file gets its name once all of it is on the disk; it is a ledger itself, which only you can read.",
    )
    .argument("<file>", "the file to create; an existing one is not overwritten");
  return addDbOption(command)
    .addHelpText(
      "after",
      examples("runledger backup telemetry.backup.db", 'runledger backup "telemetry.$(date +%F).db"'),
    )
    .action((file: string, options: DbOption) => backUp(file, options, terminal));
}

async function backUp(file: string, options: DbOption, terminal: Terminal): Promise<void> {
  await using output = await createWhole(file, terminal.interruption());
  const executions = copyLedger(dbFileOf(options), output.partialPath);
  await output.complete();
  await terminal.write(`${formatCountOf(executions, "execution")}, ${formatBytes(statSync(file).size)}\n`);
}
