import { statSync } from "node:fs";
import { Command } from "commander";
import { formatBytes, formatCountOf } from "../report/format/values";
import { addDbOption, type DbOption, dbFileOf } from "./db-option";
import { examples } from "./options";
import type { Terminal } from "./terminal";
import { openForWriting } from "./writable-ledger";

/** `runledger checkpoint` */
export function checkpointCommand(terminal: Terminal): Command {
  const command = new Command("checkpoint")
    .summary("copy the write-ahead log into the database file")
    .description(
      "Copies the write-ahead log into the database file, as far as readers allow, without blocking anybody. Opens the ledger for writing, which also migrates an older schema, and adds what an older program inserted to the daily rollup.",
    );
  return addDbOption(command)
    .addHelpText("after", examples("runledger checkpoint", "runledger checkpoint --db ./data/telemetry.db"))
    .action((options: DbOption) => checkpoint(dbFileOf(options), terminal));
}

async function checkpoint(dbPath: string, terminal: Terminal): Promise<void> {
  const sizesBefore = sizesOf(dbPath);
  const { waiting, heldBack } = checkpointOnce(dbPath);
  const lines = [
    `before: ${formatCountOf(waiting, "page")} to copy, ${sizesBefore}`,
    `after: ${formatCountOf(heldBack, "page")} to copy, ${sizesOf(dbPath)}`,
    ...(heldBack > 0 ? ["A program that reads the ledger holds them back: see runledger doctor."] : []),
  ];
  await terminal.write(lines.map((line) => `${line}\n`).join(""));
}

function sizesOf(dbPath: string): string {
  const [file, log] = [dbPath, `${dbPath}-wal`].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0,
  );
  return `database ${formatBytes(file ?? 0)}, write-ahead log ${formatBytes(log ?? 0)}`;
}

/** Returns how many pages were to be copied, and how many of them could not be. */
function checkpointOnce(dbPath: string): { readonly waiting: number; readonly heldBack: number } {
  using writable = openForWriting(dbPath);
  const { ledger } = writable;
  const [log] = ledger.connection.pragma("wal_checkpoint(NOOP)");
  return { waiting: Number(log?.["log"]) - Number(log?.["checkpointed"]), heldBack: ledger.checkpoint() };
}
