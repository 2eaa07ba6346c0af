import { existsSync, realpathSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { Command } from "commander";
import { createPrivately } from "../ledger/create-privately";
import { openLedgerFile } from "../ledger/open";
import { plainPath } from "../ledger/plain-path";
import { putInPlace } from "../ledger/put-in-place";
import { formatCountOf } from "../report/format/values";
import { shellWord } from "../shell-words";
import { copyLedger } from "./copy-ledger";
import { addDbOption, type DbOption, dbFileOf } from "./db-option";
import { examples } from "./options";
import type { Terminal } from "./terminal";

/** `runledger restore` */
export function restoreCommand(terminal: Terminal): Command {
  const command = new Command("restore")
    .summary("replace the ledger with a backup")
    .description(
      "Checks a backup, and replaces the ledger with a copy of it, atomically. Refuses while a program has the ledger open: stop the application first. The old ledger is kept beside the new one.",
    )
    .argument("<file>", "a copy of a ledger, as made by backup");
  return addDbOption(command)
    .addHelpText(
      "after",
      examples(
        "runledger restore telemetry.2026-01-31.db",
        "runledger restore telemetry.2026-01-31.db --db ./data/restored.db",
      ),
    )
    .action((file: string, options: DbOption) => restore(plainPath(file), dbFileOf(options), terminal));
}

async function restore(file: string, dbPath: string, terminal: Terminal): Promise<void> {
  // In the folder of the real file, not of a symbolic link: a rename is atomic only within a folder.
  const place = existsSync(dbPath) ? realpathSync(dbPath) : dbPath;
  const copy = `${place}.restoring-${Bun.randomUUIDv7()}`;
  let executions: number;
  let kept: string | undefined;
  try {
    createPrivately(copy);
    executions = copyLedger(file, copy, { verify: true });
    // A backup with an older schema is migrated here, before it replaces the ledger.
    openLedgerFile(copy, { synchronous: "FULL" }).close();
    await sync(copy);
    kept = putInPlace(copy, place);
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(copy + suffix, { force: true });
  }
  const lines = [`${formatCountOf(executions, "execution")} restored to ${dbPath}`];
  if (kept !== undefined) {
    const [keptWord, dbWord] = [kept, dbPath].map(shellWord);
    lines.push(
      `kept: ${kept}`,
      `to add what the backup lacks: runledger export --db ${keptWord} | runledger import - --db ${dbWord}`,
    );
  }
  await terminal.write(lines.map((line) => `${line}\n`).join(""));
}

/** Waits until a file is on the disk. */
async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
