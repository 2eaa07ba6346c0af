import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../describe";

/**
 * Makes an empty file that only this user can read, and its folder; leaves one that is there alone. SQLite itself
 * would make it readable by everybody; its -wal and -shm get the file's mode.
 */
export function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}
