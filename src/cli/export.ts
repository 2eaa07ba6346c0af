import { Command, Option } from "commander";
import { RunledgerError } from "../errors";
import { openLedger } from "../report/database/open-ledger";
import { recordOf } from "../report/execution-record";
import { executionsOf } from "../report/executions";
import { resolveFilter } from "../report/filter";
import { csvLines, type ExecutionFormat, jsonLines } from "../report/format/execution-lines";
import { addDbOption, type DbOption, dbPathOf } from "./db-option";
import { addFilterOptions, type FilterOptions, filterOf } from "./filter-options";
import { examples } from "./options";
import { parquetFile } from "./parquet-format";
import { countProgress } from "./progress";
import type { Terminal } from "./terminal";
import { createWhole } from "./whole-file";

interface Options extends DbOption, FilterOptions {
  readonly format: (typeof FORMATS)[number];
  readonly out?: string;
}

const FORMATS = ["jsonl", "csv", "parquet"] as const;

/** `runledger export` */
export function exportCommand(terminal: Terminal): Command {
  const command = new Command("export")
    .summary("executions as JSON lines, CSV or Parquet, for a backup or another program")
    .description(
      "Writes executions, oldest first. JSON lines are records as `runledger import` reads them: in another ledger they become the same executions.",
    );
  return addFilterOptions(addDbOption(command))
    .addOption(
      new Option("--format <format>", "jsonl, csv, or parquet (needs --out)")
        .choices(FORMATS)
        .default("jsonl"),
    )
    .option(
      "--out <file>",
      "a new file to write to instead of standard output; only you will be able to read it",
    )
    .addHelpText(
      "after",
      examples(
        "runledger export > backup.jsonl",
        "runledger export --since 90d --format csv --out last-90-days.csv",
      ),
    )
    .action((options: Options) => exportExecutions(options, terminal));
}

async function exportExecutions(options: Options, terminal: Terminal): Promise<void> {
  await using ledger = await openLedger(dbPathOf(options));
  // An invalid filter must not leave a file behind.
  const filter = filterOf(options);
  resolveFilter(filter);
  const format = await formatOf(options);
  await using output = await openOutput(options.out, terminal);
  // Rows on a terminal are progress enough.
  const progress = countProgress(terminal, options.out !== undefined || !terminal.isTerminal);
  try {
    for await (const rows of executionsOf(ledger, filter, { order: "oldest" })) {
      await output.write(format.page(rows));
      progress.advance(rows.length);
    }
    await output.write(format.end());
    await output.complete();
  } finally {
    progress.end();
  }
}

async function formatOf({ format, out }: Options): Promise<ExecutionFormat<string | Uint8Array>> {
  if (format === "jsonl") return jsonLines(recordOf);
  if (format === "csv") return csvLines();
  if (out !== undefined) return parquetFile();
  throw new RunledgerError("INVALID_OPTION", "--format parquet: a Parquet file is no text.", {
    hint: "Name a file for it with --out.",
  });
}

interface Output extends AsyncDisposable {
  write(data: string | Uint8Array): Promise<void>;
  /** Everything was written. */
  complete(): Promise<void>;
}

async function openOutput(path: string | undefined, terminal: Terminal): Promise<Output> {
  if (path !== undefined) return createWhole(path, terminal.interruption());
  // Without --out every format is text.
  return {
    write: (text) => terminal.write(`${text}`),
    async complete() {},
    async [Symbol.asyncDispose]() {},
  };
}
