import { setImmediate } from "node:timers/promises";
import type { RunContext } from "../adapters/context";
import { createRepositoryNames } from "../transcripts/repository";
import type { TranscriptSource } from "../transcripts/sources";
import type { TranscriptFile, TranscriptReader } from "../transcripts/transcript";
import { recordsOf, type Turn } from "../transcripts/turn";
import type { ImportedRecord } from "./importer";
import { splitLines } from "./splitters";
import { readGrowingText } from "./text-source";

const MOST_LABELS = 8;
const LONGEST_LABEL = 200;

/** How transcripts become records. */
export interface TranscriptOptions {
  /** Default: derived from the folder of each turn. */
  readonly repo: string | undefined;
  readonly context: Omit<RunContext, "repo">;
  /** A session that was written to more recently than this may continue. */
  readonly idleMs: number;
  readonly nowMs: number;
  /** Whether a session was recorded by other means. */
  readonly isRecorded: (sessionId: string) => boolean;
}

/** The records of one session. */
export interface SessionRecords {
  readonly bytes: number;
  readonly records: readonly ImportedRecord[];
  /** Turns that may not be complete yet. */
  readonly open: number;
  /** Turns that are left out because their session was recorded by other means. */
  readonly recorded: number;
  readonly recordedSessions: number;
}

/** The records of completed turns, session by session; no more than one session is in memory. */
export async function* readSessions(
  source: TranscriptSource,
  sessions: readonly (readonly TranscriptFile[])[],
  options: TranscriptOptions,
): AsyncGenerator<SessionRecords> {
  const repositoryOf = createRepositoryNames();
  const quietSinceMs = options.nowMs - options.idleMs;
  for (const files of sessions) {
    const reader = source.createReader();
    let bytes = 0;
    for (const file of files) {
      reader.beginFile(file);
      const isCut = await readRows(file, reader);
      reader.endFile(isCut || file.writtenAtMs >= quietSinceMs ? undefined : quietSinceMs);
      bytes += file.bytes;
    }
    const [turns, recorded] = partition(reader.turns(), options.isRecorded);
    const read = turns.map((turn) => ({ turn, ...recordsOf(turn, contextOf(turn, options, repositoryOf)) }));
    yield {
      bytes,
      records: read.flatMap(({ turn: { name, line }, records }) =>
        records.map((record) => ({ name, line, record })),
      ),
      open: read.filter(({ isOpen }) => isOpen).length,
      recorded: recorded.length,
      recordedSessions: new Set(recorded.map(({ sessionId }) => sessionId)).size,
    };
  }
}

/** Reads the JSON lines; returns whether the last line is not JSON. */
async function readRows(file: TranscriptFile, reader: TranscriptReader): Promise<boolean> {
  const splitter = splitLines();
  let isCut = false;
  const see = (texts: ReturnType<typeof splitter.push>) => {
    for (const { line, text } of texts) {
      const row = parsed(text);
      isCut = row === undefined;
      if (row !== undefined) reader.see(row, line);
    }
  };
  try {
    for await (const { text } of readGrowingText(Bun.file(file.path).stream(), file.path)) {
      see(splitter.push(text));
      // Reading a file in Bun doesn't yield to the event loop, so signals would wait for the end of the file.
      await setImmediate();
    }
    see(splitter.end());
    return isCut;
  } catch {
    // It was removed in the meantime, or its compressed data is cut off.
    return true;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function partition(turns: readonly Turn[], isRecorded: (sessionId: string) => boolean) {
  const recorded = new Set(turns.filter(({ sessionId }) => sessionId !== undefined && isRecorded(sessionId)));
  return [turns.filter((turn) => !recorded.has(turn)), [...recorded]] as const;
}

function contextOf(
  { cwd, remoteUrl, branch = "" }: Turn,
  { repo, context }: TranscriptOptions,
  repositoryOf: ReturnType<typeof createRepositoryNames>,
): RunContext {
  const { labels } = context;
  const isLabel = branch !== "" && branch !== "HEAD" && branch.length <= LONGEST_LABEL;
  const hasRoom = Object.keys(labels ?? {}).length < MOST_LABELS;
  return {
    ...context,
    repo: repo ?? repositoryOf(cwd, remoteUrl),
    labels: isLabel && hasRoom ? { branch, ...labels } : labels,
  };
}
