import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import type { TranscriptFile } from "./transcript";

/** `undefined` if there is no file, or it can't be inspected. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

export function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() === true;
}

/** The files below a folder whose names match, by their paths. */
export function filesBelow(folder: string, pattern: string): TranscriptFile[] {
  const paths = Array.from(new Glob(pattern).scanSync({ cwd: folder, dot: true }), (path) =>
    join(folder, path),
  );
  return paths.sort().flatMap(fileAt);
}

/** The file, as a list of one; empty if it was deleted meanwhile. */
export function fileAt(path: string): TranscriptFile[] {
  const found = statOf(path);
  return found === undefined ? [] : [{ path, bytes: found.size, writtenAtMs: found.mtimeMs }];
}

/** The beginning of a file, as text; empty if it can't be read. */
export function headOf(path: string, bytes: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, bytes, 0));
  } finally {
    closeSync(descriptor);
  }
}
