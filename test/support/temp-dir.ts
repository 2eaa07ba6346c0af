import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A new empty directory, among the temporary files by default, removed after the test that calls it, or after the
 * `describe` or file that does. Not to be called in `beforeAll`: there it would be removed before the first test.
 */
export function tempDir(parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, "runledger-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
