import { CLAUDE_CODE_IDS, ClaudeCodeReader } from "./claude-code";
import { claudeCodeFolders, claudeCodeSessionFiles, claudeCodeSessions } from "./claude-code-files";
import { CODEX_IDS, CodexReader } from "./codex";
import { codexFolders, codexSessionFiles, codexSessions } from "./codex-files";
import type { TranscriptFile, TranscriptReader } from "./transcript";

/** A program whose transcripts can be read. */
export interface TranscriptSource {
  readonly title: string;
  /** How the ids of its executions begin. */
  readonly idPrefix: string;
  /** The existing folders in which it keeps transcripts. */
  readonly folders: (env: Readonly<Record<string, string | undefined>>) => readonly string[];
  /** The main files of sessions. Only their names and times are read. */
  readonly sessionFiles: (folders: readonly string[]) => readonly TranscriptFile[];
  /** All files of each session. */
  readonly sessions: (paths: readonly string[]) => readonly (readonly TranscriptFile[])[];
  readonly createReader: () => TranscriptReader;
}

export const TRANSCRIPT_SOURCES = {
  "claude-code": {
    title: "Claude Code",
    idPrefix: CLAUDE_CODE_IDS,
    folders: claudeCodeFolders,
    sessionFiles: claudeCodeSessionFiles,
    sessions: claudeCodeSessions,
    createReader: () => new ClaudeCodeReader(),
  },
  codex: {
    title: "Codex",
    idPrefix: CODEX_IDS,
    folders: codexFolders,
    sessionFiles: codexSessionFiles,
    sessions: codexSessions,
    createReader: () => new CodexReader(),
  },
} as const satisfies Record<string, TranscriptSource>;

export type TranscriptSourceName = keyof typeof TRANSCRIPT_SOURCES;
