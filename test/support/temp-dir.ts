import { afterAll } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryFolder } from "./memory-folder";

/** Removes a folder when standard input ends, which it does however the process ends that started this. */
const GUARD = 'cat >/dev/null; rm -rf "$1"';

/**
 * A new empty directory, in memory if possible. It is removed after the test, `describe` or file that
 * calls this. Don't call it in `beforeAll`: the directory would be removed before the first test.
 */
export function tempDir(): string {
  const path = mkdtempSync(join(temporaryFiles(), "runledger-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

let folder: string | undefined;
/** Kept, because its standard input ends with the object. */
let guard: ChildProcess | undefined;

/** Where this process keeps its directories: on a disk, many tests mostly wait for it. Nothing may be left in memory. */
function temporaryFiles(): string {
  if (folder !== undefined) return folder;
  const memory = memoryFolder();
  if (memory === undefined) {
    folder = tmpdir();
    return folder;
  }
  folder = mkdtempSync(join(memory, "runledger-"));
  // Detached, so that a signal to a whole test run doesn't reach it.
  guard = spawn("sh", ["-c", GUARD, "guard", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  return folder;
}
