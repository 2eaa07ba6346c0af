import { normalize } from "node:path";

const HAS_PARENT = /(?:^|[\\/])\.\.(?:[\\/]|$)/;

/**
 * A path without `a/..` in it, as everybody who names a ledger has it. The system would look for `a`, and follow it where
 * it is a link; the plugin, which makes its path absolute at once, can't.
 */
export function plainPath(path: string): string {
  return HAS_PARENT.test(path) ? normalize(path) : path;
}
