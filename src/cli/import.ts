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

const DESCRIPTION = `Stores the records in files: JSON lines, as in a \`runledger export\` or a spill file, or a JSON array. The ledger is created if missing; nothing is purged.

Importing a file again changes nothing: a record is stored once, by its executionId. A record without one gets one, computed from its content and from how many identical records came before it in its file. A record without completedAt gets the time of its first import.

With --from claude-code or codex, imports the transcripts that these keep on this machine, or those in the given folders. Each turn is an execution: a prompt, and everything until the next one. A turn that may still go on is left to a later import, so a nightly import misses nothing.

An invalid record is reported, and kept as an incident. So is a record that completed before the newest one that was purged: it may have been counted and purged already. --beyond-retention adds it anyway; what was counted before is then counted twice.`;

/** `runledger import` */
export function importCommand(terminal: Terminal): Command {
  const command = new Command("import")
    .summary("store records from files in a ledger")
    .description(DESCRIPTION)
    .argument(
      "[file...]",
      "files to read; - is standard input; for transcripts also folders; default: all transcripts",
    );
  return addDbOption(command)
    .addOption(
      new Option(
        "--from <source>",
        "what the files contain, if not records: claude for results of Claude Code or its Agent SDK, also within a log; claude-code or codex for their transcripts",
      ).choices(["claude", ...Object.keys(TRANSCRIPT_SOURCES)]),
    )
    .option(
      "--repo <name>",
      "with --from: the repository of the runs; default for transcripts: that of their folder",
    )
    .option("--event-type <name>", "with --from: what started them; default: claude, claude-code, codex")
    .option("--model <name>", "with --from: the model, if none is named")
    .option("--label <pairs...>", "with --from: labels of the runs, such as team=core", parseLabel)
    .option(
      "--idle <age>",
      "for transcripts: a session's last turn counts as finished if nothing was written for this long; default: 1h",
      parsePauseMs,
    )
    .option("--include-recorded", "for transcripts: also sessions that were recorded by other means")
    .option(
      "--no-estimate",
      "for transcripts: leave costs unknown, instead of estimating them from a price list",
    )
    .option("--prices <file>", `for transcripts: ${PRICES_HELP}`)
    .option("--beyond-retention", "also add what may have been counted and purged already")
    .option("--dry-run", "say which records are valid, and write nothing")
    .option("--json", "the outcome as one JSON object")
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
