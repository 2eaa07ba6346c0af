import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A new empty directory, by default among the temporary files. It is removed after the test, `describe` or file that
 * calls this. Don't call it in `beforeAll`: the directory would be removed before the first test.
 */
export function tempDir(parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, "runledger-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
