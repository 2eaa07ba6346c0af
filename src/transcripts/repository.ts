import { readFileSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { statOf } from "./folder";

/**
 * Names the repository of a folder: `owner/name` from its git remote `origin`, if it has one; otherwise the folder's
 * own name. Each folder is looked at once.
 *
 * @param remoteUrl The remote, if the transcript names it.
 */
export function createRepositoryNames(): (folder: string | undefined, remoteUrl?: string) => string {
  const known = new Map<string, string | undefined>();
  return (folder = "", remoteUrl) => {
    const ofRemote = pathOfRemote(remoteUrl);
    if (ofRemote !== undefined) return ofRemote;
    if (!known.has(folder)) known.set(folder, folder === "" ? undefined : pathOfRemote(originOf(folder)));
    return known.get(folder) ?? folder.split(/[\\/]/).findLast((name) => name !== "") ?? "unknown";
  };
}

/** The path in a remote's address, such as `owner/name`; `undefined` for a remote on the same machine. */
export function pathOfRemote(url = ""): string | undefined {
  const [, path] = URL_PATH.exec(url) ?? SSH_PATH.exec(url) ?? [];
  return path?.replace(/\/*(?:\.git)?\/*$/, "") || undefined;
}

const URL_PATH = /^(?!file:)[a-z][a-z+]*:\/\/[^/]+\/+([^?#]+)/i;
/** Such as `git@example.com:owner/name.git`. A single letter before the colon would be a Windows drive. */
const SSH_PATH = /^(?:[^@/:]+@)?[^@/:]{2,}:(?!\/\/)\/?(.+)/;

function originOf(folder: string): string | undefined {
  const git = isAbsolute(folder) ? gitFolderOf(folder) : undefined;
  const config = git === undefined ? "" : textOf(resolve(git, "config"));
  const [, section = ""] = /^\s*\[remote "origin"\]([^[]*)/m.exec(config) ?? [];
  return /^\s*url\s*=\s*"?([^"\n]+?)"?\s*$/m.exec(section)?.[1];
}

/** The `.git` folder of the repository that contains a folder. Worktrees share one. */
function gitFolderOf(folder: string): string | undefined {
  if (statOf(folder) === undefined) return undefined;
  for (let at = folder; ; at = dirname(at)) {
    const git = resolve(at, ".git");
    const found = statOf(git);
    if (found?.isDirectory() === true) return git;
    if (found !== undefined) return sharedFolderOf(at, textOf(git));
    if (at === dirname(at)) return undefined;
  }
}

/** A worktree or a submodule has a `.git` file instead, which names the folder. */
function sharedFolderOf(at: string, text: string): string | undefined {
  const named = /^gitdir:\s*(.+?)\s*$/m.exec(text)?.[1];
  if (named === undefined) return undefined;
  const own = resolve(at, named);
  return resolve(own, textOf(resolve(own, "commondir")).trim());
}

/** Empty if it can't be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
