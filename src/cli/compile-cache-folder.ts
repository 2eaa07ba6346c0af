import { isAbsolute, join } from "node:path";

/**
 * Where Bun keeps compiled code of the command line: among the user's caches, which nobody else can write to.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 * @returns `undefined` if the user has no such folder.
 */
export function compileCacheFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { XDG_CACHE_HOME: caches = "", HOME: home = "" } = env;
  if (isAbsolute(caches)) return join(caches, "runledger");
  return isAbsolute(home) ? join(home, ".cache", "runledger") : undefined;
}
