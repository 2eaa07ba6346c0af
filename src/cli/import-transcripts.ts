import { statSync } from "node:fs";
import { resolve } from "node:path";
import { RunledgerError } from "../errors";
import { TRANSCRIPT_SOURCES, type TranscriptSource, type TranscriptSourceName } from "../transcripts/sources";
import { type DbOption, dbFileOf } from "./db-option";
import { EndedError } from "./failure";
import { listRejections, summaryOf } from "./import-outcome";
import { createDryImporter, createImporter } from "./importer";
import { openPricesIfAny } from "./prices-option";
import { byteProgress } from "./progress";
import { recordedSessions } from "./recorded-sessions";
import type { Terminal } from "./terminal";
import { readSessions } from "./transcript-source";

/** How many records are written in one transaction. */
const BATCH_SIZE = 2_000;
const NO_PRICES =
  "Costs are unknown, as the package @pydantic/genai-prices is not installed. With it, an import into a new ledger estimates what each request cost; runledger reprice estimates, less exactly, what is in this one.\n";
const DEFAULT_IDLE_MS = 3_600_000;

/** The options of `runledger import` with `--from claude-code` and `--from codex`. */
export interface TranscriptImportOptions extends DbOption {
  readonly from: TranscriptSourceName;
  readonly repo?: string;
  readonly eventType?: string;
  readonly model?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In milliseconds. */
  readonly idle?: number;
  readonly includeRecorded?: true;
  readonly estimate: boolean;
  readonly prices?: string;
  readonly beyondRetention?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Imports the turns of transcripts; if no files are named, those in the program's own folder. */
export async function importTranscripts(
  paths: readonly string[],
  options: TranscriptImportOptions,
  terminal: Terminal,
): Promise<void> {
  const { from, repo, eventType = from, model, labels, idle = DEFAULT_IDLE_MS } = options;
  const source = TRANSCRIPT_SOURCES[from];
  const sessions = source.sessions(foldersOf(source, paths));
  const dbPath = dbFileOf(options);
  const isRecorded =
    options.includeRecorded === true ? () => false : await recordedSessions(dbPath, source.idPrefix);
  const prices = options.estimate ? await openPricesIfAny(options.prices) : undefined;
  const bytes = sessions.flat().reduce((sum, file) => sum + file.bytes, 0);
  const progress = byteProgress(terminal, bytes);
  const rejections = listRejections(progress);
  using importer =
    options.dryRun === true
      ? createDryImporter(rejections.add)
      : await createImporter(dbPath, options.beyondRetention === true, rejections.add, {
          prices,
          // They were imported before they were purged, and a nightly import finds them again.
          keepsRefused: false,
        });
  const leftOut = { open: 0, recorded: 0, recordedSessions: 0 };
  const hasPrices = !options.estimate || prices !== undefined;
  try {
    const read = readSessions(source, sessions, {
      repo,
      context: { eventType, model, labels, prices },
      idleMs: idle,
      nowMs: Date.now(),
      isRecorded,
    });
    const batch = [];
    for await (const session of read) {
      batch.push(...session.records);
      leftOut.open += session.open;
      leftOut.recorded += session.recorded;
      leftOut.recordedSessions += session.recordedSessions;
      if (batch.length >= BATCH_SIZE) importer.add(batch.splice(0));
      progress.advance(session.bytes);
    }
    if (batch.length > 0) importer.add(batch);
  } finally {
    progress.end();
  }
  rejections.end();
  await terminal.write(summaryOf(importer.counts, options, leftOut));
  if (!hasPrices && options.json !== true) await terminal.write(NO_PRICES);
  if (importer.counts.rejected > 0) throw new EndedError(1);
}

/** @throws {RunledgerError} `INVALID_ARGUMENT` if a file doesn't exist, or none is named and there is none. */
function foldersOf({ title, folders }: TranscriptSource, paths: readonly string[]): readonly string[] {
  const missing = paths.find((path) => statSync(path, { throwIfNoEntry: false }) === undefined);
  if (missing !== undefined) {
    throw new RunledgerError("INVALID_ARGUMENT", `There is no file or folder ${missing}.`);
  }
  const found = paths.length > 0 ? paths.map((path) => resolve(path)) : folders(process.env);
  if (found.length > 0) return found;
  throw new RunledgerError("INVALID_ARGUMENT", `There are no transcripts of ${title} where it keeps them.`, {
    hint: "Name their folder.",
  });
}
