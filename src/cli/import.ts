import { Command, Option } from "commander";
import { RunledgerError } from "../errors";
import { TRANSCRIPT_SOURCES, type TranscriptSourceName } from "../transcripts/sources";
import { readClaudeLog } from "./claude-source";
import { addDbOption, type DbOption, dbFileOf } from "./db-option";
import { EndedError } from "./failure";
import { listRejections, summaryOf } from "./import-outcome";
import { importTranscripts } from "./import-transcripts";
import { createDryImporter, createImporter, type ImportedRecord } from "./importer";
import { findInputs, type Input } from "./inputs";
import { examples, parseLabel, parsePauseMs } from "./options";
import { PRICES_HELP } from "./prices-option";
import { byteProgress, type Progress } from "./progress";
import { readRecords } from "./record-source";
import type { Terminal } from "./terminal";

/** How many records are written in one transaction. */
const BATCH_SIZE = 2_000;

interface Options extends DbOption {
  readonly from?: "claude" | TranscriptSourceName;
  readonly repo?: string;
  readonly eventType?: string;
  readonly model?: string;
  readonly label?: Readonly<Record<string, readonly string[]>>;
  readonly idle?: number;
  readonly includeRecorded?: true;
  readonly estimate: boolean;
  readonly prices?: string;
  readonly beyondRetention?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

const DESCRIPTION = `Records what is in files: JSON lines, as \`runledger export\` and spill files have them, or a JSON array. The ledger is made when it is missing; nothing is purged.

Importing a file again changes nothing: a record is stored once, by its executionId. A record without one gets one made of its content, and of how many the same came before it in its file. A record without completedAt is dated at the time of its first import.

With --from claude-code or codex, it takes the transcripts that these keep on this machine, or those in folders. Each turn is an execution: a prompt, and all until the next. A turn that may go on waits for a later import, so a nightly one misses nothing.

What is no valid record is reported, and kept as an incident. So is a record that completed before the newest one that was purged: it may have been counted and purged already. --beyond-retention adds it all the same; what was counted before is then counted twice.`;

/** `runledger import` */
export function importCommand(terminal: Terminal): Command {
  const command = new Command("import")
    .summary("records from files into a ledger")
    .description(DESCRIPTION)
    .argument("[file...]", "files to read, - is standard input; of transcripts also folders, by default all");
  return addDbOption(command)
    .addOption(
      new Option(
        "--from <source>",
        "what the files are, if not records: claude, for results of Claude Code or its Agent SDK, also within a log; claude-code or codex, for their transcripts",
      ).choices(["claude", ...Object.keys(TRANSCRIPT_SOURCES)]),
    )
    .option(
      "--repo <name>",
      "with --from: the repository of the runs; default of transcripts: as their folder says",
    )
    .option("--event-type <name>", "with --from: what started them; default: claude, claude-code, codex")
    .option("--model <name>", "with --from: the model, where none is named")
    .option("--label <pairs...>", "with --from: labels of the runs, such as team=core", parseLabel)
    .option(
      "--idle <age>",
      "of transcripts: the last turn of a session is over when nothing was written for so long; default: 1h",
      parsePauseMs,
    )
    .option("--include-recorded", "of transcripts: also sessions that were recorded by other means")
    .option(
      "--no-estimate",
      "of transcripts: leave costs unknown, instead of estimating them by a price list",
    )
    .option("--prices <file>", `of transcripts: ${PRICES_HELP}`)
    .option("--beyond-retention", "add also what may have been counted and purged already")
    .option("--dry-run", "say which records are valid, write nothing")
    .option("--json", "what became of the records as one JSON object")
    .addHelpText("after", examples("runledger import runs.jsonl", "runledger import --from claude-code"))
    .action((files: string[], options: Options) => importInputs(files, options, terminal));
}

function importInputs(files: readonly string[], options: Options, terminal: Terminal): Promise<void> {
  const { from, idle, includeRecorded, estimate, prices } = options;
  if (!estimate && prices !== undefined) {
    throw new RunledgerError("INVALID_OPTION", "--prices and --no-estimate exclude each other.");
  }
  if (from !== undefined && from !== "claude") {
    return importTranscripts(files, { ...options, from, labels: labelsOf(options) }, terminal);
  }
  if (idle !== undefined || includeRecorded === true || !estimate || prices !== undefined) {
    throw new RunledgerError(
      "INVALID_OPTION",
      "--idle, --include-recorded, --no-estimate and --prices are for transcripts alone.",
    );
  }
  if (files.length === 0) throw new RunledgerError("INVALID_ARGUMENT", "missing required argument 'file'");
  return importFiles(files, options, terminal);
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

/** 0 if the size of one of them is unknown, such as that of standard input. */
function totalBytes(inputs: readonly Input[]): number {
  const sizes = inputs.map(({ bytes }) => bytes);
  return sizes.includes(0) ? 0 : sizes.reduce((total, bytes) => total + bytes, 0);
}

/** Makes the parser for the texts of one file; `undefined` if they are records already. */
function readerOf(options: Options) {
  const { from, repo, eventType = "claude", model } = options;
  if (from === undefined) return () => undefined;
  if (repo === undefined) {
    throw new RunledgerError("INVALID_OPTION", "--from: a result doesn't say of which repository it is.", {
      hint: "Name it with --repo.",
    });
  }
  const labels = labelsOf(options);
  return () => readClaudeLog({ repo, eventType, model, labels });
}

function labelsOf({ label = {} }: Options): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(label).map(([key, values]) => [key, values.at(-1) ?? ""]));
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
