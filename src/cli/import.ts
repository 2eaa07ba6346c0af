import { Command, Option } from "commander";
import { RunledgerError } from "../errors";
import { formatJsonLine } from "../report/format/json";
import { formatCount, printable } from "../report/format/values";
import { readClaudeLog } from "./claude-source";
import { addDbOption, type DbOption, dbFileOf } from "./db-option";
import { EndedError } from "./failure";
import { createDryImporter, createImporter, type ImportCounts, type ImportedRecord } from "./importer";
import { findInputs, type Input } from "./inputs";
import { examples, parseLabel } from "./options";
import { byteProgress, type Progress } from "./progress";
import { readRecords } from "./record-source";
import type { Terminal } from "./terminal";

/** Records that are written in one transaction. */
const BATCH_SIZE = 2_000;
/** So many rejections are told one by one. */
const LISTED_REJECTIONS = 20;

const REFUSED =
  "Refused: completed before the newest execution that was purged, so perhaps counted and purged already; --beyond-retention adds them knowingly";

interface Options extends DbOption {
  readonly from?: "claude";
  readonly repo?: string;
  readonly eventType?: string;
  readonly model?: string;
  readonly label?: Readonly<Record<string, readonly string[]>>;
  readonly beyondRetention?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

const DESCRIPTION = `Records what is in files: JSON lines, as \`runledger export\` and spill files have them, or a JSON array. The ledger is made when it is missing; nothing is purged.

Importing a file again changes nothing: a record is stored once, by its executionId. A record without one gets one made of its content, and of how many the same came before it in its file. A record without completedAt is dated at the time of its first import.

What is no valid record is reported, and kept as an incident. So is a record that completed before the newest one that was purged: it may have been counted and purged already. --beyond-retention adds it all the same; what was counted before is then counted twice.`;

/** `runledger import` */
export function importCommand(terminal: Terminal): Command {
  const command = new Command("import")
    .summary("records from files into a ledger")
    .description(DESCRIPTION)
    .argument("<file...>", "files to read; - is standard input");
  return addDbOption(command)
    .addOption(
      new Option(
        "--from <source>",
        "what the files are, if not records: claude, for results of Claude Code or its Agent SDK, also within a log",
      ).choices(["claude"]),
    )
    .option("--repo <name>", "with --from: the repository of the runs")
    .option("--event-type <name>", "with --from: what started them; default: claude")
    .option("--model <name>", "with --from: the model, where a result names none")
    .option("--label <pairs...>", "with --from: labels of the runs, such as team=core", parseLabel)
    .option("--beyond-retention", "add also what may have been counted and purged already")
    .option("--dry-run", "say which records are valid, write nothing")
    .option("--json", "what became of the records as one JSON object")
    .addHelpText(
      "after",
      examples("runledger import runs.jsonl", "runledger export | runledger import - --db copy.db"),
    )
    .action((files: string[], options: Options) => importFiles(files, options, terminal));
}

async function importFiles(files: readonly string[], options: Options, terminal: Terminal): Promise<void> {
  const reader = readerOf(options);
  const inputs = await findInputs(files, terminal);
  const progress = byteProgress(terminal, totalBytes(inputs));
  const rejections = listRejections(progress);
  using importer =
    options.dryRun === true
      ? createDryImporter(rejections.add)
      : await createImporter(dbFileOf(options), options.beyondRetention === true, rejections.add);
  try {
    for await (const batch of batchesOf(inputs, progress, reader)) importer.add(batch);
  } finally {
    progress.end();
  }
  rejections.end();
  await terminal.write(summaryOf(importer.counts, options));
  if (importer.counts.rejected + importer.counts.refused > 0) throw new EndedError(1);
}

/** 0 when one of them, such as standard input, doesn't know. */
function totalBytes(inputs: readonly Input[]): number {
  const sizes = inputs.map(({ bytes }) => bytes);
  return sizes.includes(0) ? 0 : sizes.reduce((total, bytes) => total + bytes, 0);
}

/** Makes what reads the texts of one file; `undefined` where they are records. */
function readerOf({ from, repo, eventType = "claude", model, label = {} }: Options) {
  if (from === undefined) return () => undefined;
  if (repo === undefined) {
    throw new RunledgerError("INVALID_OPTION", "--from: a result doesn't say of which repository it is.", {
      hint: "Name it with --repo.",
    });
  }
  const labels = Object.fromEntries(Object.entries(label).map(([key, values]) => [key, values.at(-1) ?? ""]));
  return () => readClaudeLog({ repo, eventType, model, labels });
}

async function* batchesOf(
  inputs: readonly Input[],
  progress: Progress,
  reader: ReturnType<typeof readerOf>,
): AsyncGenerator<ImportedRecord[]> {
  let batch: ImportedRecord[] = [];
  const takeBatch = () => {
    const taken = batch;
    batch = [];
    return taken;
  };
  try {
    for (const { name, stream } of inputs) {
      for await (const { bytes, records } of readRecords(stream(), name, reader())) {
        for (const record of records) {
          batch.push({ ...record, name });
          if (batch.length >= BATCH_SIZE) yield takeBatch();
        }
        progress.advance(bytes);
      }
    }
  } catch (error) {
    // Records read before the error are stored.
    if (batch.length > 0) yield takeBatch();
    throw error;
  }
  if (batch.length > 0) yield takeBatch();
}

function listRejections(progress: Progress) {
  let count = 0;
  return {
    add(reason: string): void {
      count += 1;
      if (count <= LISTED_REJECTIONS) progress.print(`${printable(reason)}\n`);
    },
    end(): void {
      const more = count - LISTED_REJECTIONS;
      if (more > 0) progress.print(`and ${formatCount(more)} more: see runledger incidents\n`);
    },
  };
}

function summaryOf(counts: ImportCounts, { json, dryRun }: Options): string {
  if (json === true) return formatJsonLine(counts);
  const { read, written, duplicates, rejected, refused, undated } = counts;
  const outcomes = [
    `${formatCount(written)} ${dryRun === true ? "valid" : "written"}`,
    ...(dryRun === true ? [] : [`${formatCount(duplicates)} duplicates`]),
    `${formatCount(rejected)} rejected`,
    ...(refused > 0 ? [`${formatCount(refused)} refused`] : []),
  ];
  const lines = [
    `${formatCount(read)} read: ${outcomes.join(", ")}`,
    ...(refused > 0 ? [REFUSED] : []),
    ...(undated > 0
      ? [`${formatCount(undated)} without completedAt: dated at the time of their first import`]
      : []),
    ...(dryRun === true ? ["Nothing was written."] : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
