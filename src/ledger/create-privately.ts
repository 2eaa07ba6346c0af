import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../describe";

/**
 * Creates an empty file that only this user can read, and its folder; does nothing if the file exists. SQLite itself
 * would make it readable by everybody. The -wal and -shm inherit the file's mode.
 */
export function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}
