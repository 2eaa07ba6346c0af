import { homedir } from "node:os";
import { basename, dirname, join, sep } from "node:path";
import { connected } from "./connected";
import { fileAt, filesBelow, headOf, isFolder } from "./folder";
import type { TranscriptFile } from "./transcript";

const PATTERN = "**/*.jsonl";
/**
 * For the folder of a named file. These are narrow, because it may be any folder that somebody put a transcript into.
 */
const PROJECT_PATTERNS = ["*.jsonl", "*/subagents/**/*.jsonl"];
const SUBAGENTS = `${sep}subagents${sep}`;
/** How much of a file is read to find its session, and the session that it began with a copy of. */
const HEAD_BYTES = 65_536;

/**
 * The existing folders of Claude Code's transcripts: those of `CLAUDE_CONFIG_DIR`, which may list several separated by
 * commas, `~/.claude/projects` and `~/.config/claude/projects`.
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

/** The transcripts below folders, except those of sub-agents. */
export function claudeCodeSessionFiles(folders: readonly string[]): readonly TranscriptFile[] {
  return folders.flatMap((folder) => filesBelow(folder, PATTERN)).filter(({ path }) => !isAgentFile(path));
}

/**
 * The transcripts below the given folders, and those that belong to the given files, in groups. A group is a session,
 * its sub-agents, and the sessions that began with a copy of it. Shorter files come first, because a copy is longer
 * than its original; sub-agents come last.
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

/** The folder of a file's project, which holds all files of a session. */
function projectOf(file: string): string {
  const [session = file, isOfAgent] = file.split(SUBAGENTS);
  return isOfAgent === undefined ? dirname(file) : dirname(session);
}

/** Keys of a file. Files that share one, directly or through others, form a group. */
function keysOf({ path }: TranscriptFile): readonly string[] {
  const [session = path, isOfAgent] = path.split(SUBAGENTS);
  const head = headOf(path, HEAD_BYTES);
  const named = NAMES.flatMap((name) => Array.from(head.matchAll(name), ([, id = ""]) => id));
  return [isOfAgent === undefined ? basename(path, ".jsonl") : basename(session), ...named];
}

/** A copied row keeps its id, and some name the session that they come from. */
const NAMES = [/"sessionId":"([^"]+)"/g, /"session_id":"([^"]+)"/g, /"uuid":"([^"]+)"/g];
