import { homedir } from "node:os";
import { basename, dirname, join, sep } from "node:path";
import { connected } from "./connected";
import { fileAt, filesBelow, headOf, isFolder } from "./folder";
import type { TranscriptFile } from "./transcript";

const PATTERN = "**/*.jsonl";
/** In the folder of a project, which may be any folder that somebody put a file into. */
const PROJECT_PATTERNS = ["*.jsonl", "*/subagents/**/*.jsonl"];
const SUBAGENTS = `${sep}subagents${sep}`;
/** So much of a file tells which session it is of, and which session it began with a copy of. */
const HEAD_BYTES = 65_536;

/**
 * The folders of transcripts of Claude Code that there are: those of `CLAUDE_CONFIG_DIR`, which may name several with
 * commas, and by default `~/.claude/projects` and `~/.config/claude/projects`.
 */
export function claudeCodeFolders(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { CLAUDE_CONFIG_DIR = "", HOME: home = homedir(), XDG_CONFIG_HOME = join(home, ".config") } = env;
  const named = CLAUDE_CONFIG_DIR.split(",").map((path) => path.trim().replace(/^~(?=\/|$)/, home));
  const configs = [
    ...named.filter((path) => path !== ""),
    join(home, ".claude"),
    join(XDG_CONFIG_HOME, "claude"),
  ];
  const folders = configs.map((path) => (basename(path) === "projects" ? path : join(path, "projects")));
  return [...new Set(folders)].filter(isFolder);
}

/** Whether a file is the transcript of a sub-agent. */
export function isAgentFile(path: string): boolean {
  return basename(path).startsWith("agent-") || path.includes(SUBAGENTS);
}

/** The transcripts below folders without those of sub-agents. */
export function claudeCodeSessionFiles(folders: readonly string[]): readonly TranscriptFile[] {
  return folders.flatMap((folder) => filesBelow(folder, PATTERN)).filter(({ path }) => !isAgentFile(path));
}

/**
 * The transcripts below folders, and those that files belong to, in groups: a session, what its sub-agents wrote, and
 * the sessions that began with a copy of it. Shorter ones come first, as a copy is longer than what was copied; those
 * of sub-agents last.
 */
export function claudeCodeSessions(paths: readonly string[]): TranscriptFile[][] {
  const [folders, files] = [paths.filter(isFolder), paths.filter((path) => !isFolder(path))];
  const asked = [...folders.flatMap((folder) => filesBelow(folder, PATTERN)), ...files.flatMap(fileAt)];
  const isAsked = new Set(asked.map(({ path }) => path));
  const projects = [...new Set(files.map(projectOf))];
  const beside = PROJECT_PATTERNS.flatMap((pattern) =>
    projects.flatMap((folder) => filesBelow(folder, pattern)),
  );
  const all = [...asked, ...beside];
  const byPath = new Map(all.map((file) => [file.path, file]));
  return connected([...byPath.values()], keysOf)
    .filter((group) => group.some(({ path }) => isAsked.has(path)))
    .map((group) => group.toSorted(byOrder));
}

function byOrder(a: TranscriptFile, b: TranscriptFile): number {
  const agents = Number(isAgentFile(a.path)) - Number(isAgentFile(b.path));
  return agents || a.bytes - b.bytes || (a.path < b.path ? -1 : 1);
}

/** The folder of a project, which has all files of a session in it. */
function projectOf(file: string): string {
  const [session = file, isOfAgent] = file.split(SUBAGENTS);
  return isOfAgent === undefined ? dirname(file) : dirname(session);
}

/** What the files of one group have in common, pair by pair. */
function keysOf({ path }: TranscriptFile): readonly string[] {
  const [session = path, isOfAgent] = path.split(SUBAGENTS);
  const head = headOf(path, HEAD_BYTES);
  const named = NAMES.flatMap((name) => Array.from(head.matchAll(name), ([, id = ""]) => id));
  return [isOfAgent === undefined ? basename(path, ".jsonl") : basename(session), ...named];
}

/** Copies keep the id of a row; some say which session it was of. */
const NAMES = [/"sessionId":"([^"]+)"/g, /"session_id":"([^"]+)"/g, /"uuid":"([^"]+)"/g];
