import { homedir } from "node:os";
import { basename, join } from "node:path";
import { connected } from "./connected";
import { fileAt, filesBelow, isFolder } from "./folder";
import type { TranscriptFile } from "./transcript";

const PATTERN = "**/*.{jsonl,jsonl.zst}";
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** The existing folders of Codex's transcripts, in `CODEX_HOME`, by default `~/.codex`. */
export function codexFolders(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { CODEX_HOME, HOME = homedir() } = env;
  const home = CODEX_HOME || join(HOME, ".codex");
  return ["sessions", "archived_sessions"].map((name) => join(home, name)).filter(isFolder);
}

/** The transcripts below folders. */
export function codexSessionFiles(folders: readonly string[]): readonly TranscriptFile[] {
  return folders.flatMap((folder) => filesBelow(folder, PATTERN));
}

/**
 * The transcripts below the given folders, and the given files, in groups: all files of one thread, whose id is in
 * their names. Codex compresses old files.
 *
 * @see https://github.com/openai/codex/blob/main/codex-rs/rollout/src/compression.rs
 */
export function codexSessions(paths: readonly string[]): TranscriptFile[][] {
  const [folders, files] = [paths.filter(isFolder), paths.filter((path) => !isFolder(path))];
  const found = [...codexSessionFiles(folders), ...files.flatMap(fileAt)];
  const byPath = new Map(found.map((file) => [file.path, file]));
  return connected([...byPath.values()], ({ path }) => [UUID.exec(basename(path))?.[0] ?? path]).map(
    (group) => group.toSorted((a, b) => (basename(a.path) < basename(b.path) ? -1 : 1)),
  );
}
