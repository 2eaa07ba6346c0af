import { normalize } from "node:path";

const HAS_PARENT = /(?:^|[\\/])\.\.(?:[\\/]|$)/;

/**
 * A path with `a/..` removed, so that every part of Runledger names the same file. The system would look up `a` and
 * follow it if it is a link; the plugin, which makes its path absolute at once, can't.
 */
export function plainPath(path: string): string {
  return HAS_PARENT.test(path) ? normalize(path) : path;
}
