import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf } from "../describe";

// Records that don't fit in memory, or are left when the process ends, wait in a file of JSON lines: beside the
// database or, if that folder can't be written, in the temporary folder. The next process that opens the ledger drains
// the file. `executionId` makes that idempotent: a record may be both in the file and in the ledger.

const CHUNK_BYTES = 1 << 17;
const NEWLINE = 10;
const NOT_THERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);
const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/**
 * Appends lines, each one record as JSON, to the spill file. They begin with a newline, which terminates a line that
 * an earlier write on a full disk left unfinished.
 *
 * @returns the path of the file.
 * @throws the file system's error if neither place can be written.
 */
export function appendToSpill(dbPath: string, chunks: readonly Uint8Array[]): string {
  const [beside, elsewhere] = spillPathsOf(dbPath);
  try {
    mkdirSync(dirname(beside), { recursive: true });
    append(beside, chunks);
    return beside;
  } catch {
    append(elsewhere, chunks);
    return elsewhere;
  }
}

/** Where records spill to: first beside the database, then in the temporary folder. */
export function spillPathsOf(dbPath: string): readonly [beside: string, elsewhere: string] {
  const absolute = resolve(dbPath);
  const digest = Bun.hash(absolute).toString(16);
  const user = process.getuid?.() ?? 0;
  return [
    `${absolute}.spill.jsonl`,
    join(tmpdir(), `runledger-${user}-${digest}-${basename(absolute)}.spill.jsonl`),
  ];
}

/** Whether there is anything to drain. */
export function hasSpill(dbPath: string): boolean {
  return spillFilesOf(dbPath).length > 0;
}

/** The files that wait to be drained. */
export function spillFilesOf(dbPath: string): string[] {
  return spillPathsOf(dbPath).flatMap((path) => [...(isOurs(path) ? [path] : []), ...claimsOf(path)]);
}

/**
 * The lines of all spill files of a ledger, up to `batchSize` at a time. A file is removed once its last lines are
 * stored, which is when the next ones are requested. Until then it stays, so that this or another process can retry.
 */
export function* takeInSpill(dbPath: string, batchSize: number): Generator<readonly string[], void> {
  for (const path of spillPathsOf(dbPath)) {
    claim(path);
    for (const claimed of claimsOf(path)) yield* takeInFile(dbPath, claimed, batchSize);
  }
}

function append(path: string, chunks: readonly Uint8Array[]): void {
  // With O_NONBLOCK, a pipe in the file's place is an error instead of blocking the host.
  const file = openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0o600);
  let wasTakenIn: boolean;
  try {
    if (!isOwnFile(fstatSync(file))) throw new Error(`${path} is not a regular file of this user`);
    for (const chunk of chunks) {
      for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written);
    }
    // A drain removes the file, then reads its end once more. If it was removed before we wrote, that read may have
    // missed our lines: write them again.
    wasTakenIn = fstatSync(file).nlink === 0;
  } finally {
    closeSync(file);
  }
  if (wasTakenIn) append(path, chunks);
}

/** Renames the file, so that only one of several processes drains it and new records go to a new file. */
function claim(path: string): void {
  if (!isOurs(path)) return;
  try {
    renameSync(path, path.replace(/jsonl$/, `${Bun.randomUUIDv7()}.jsonl`));
  } catch (error) {
    if (!NOT_THERE.has(codeOf(error))) throw error;
  }
}

/** Files that this process or another claimed and has not finished. */
function claimsOf(path: string): string[] {
  const folder = dirname(path);
  const prefix = basename(path).replace(/jsonl$/, "");
  return namesIn(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith(".jsonl") && name !== basename(path))
    .map((name) => join(folder, name))
    .filter(isOurs);
}

/**
 * Anybody may create files in the temporary folder, so another user's files, and anything but regular files, are
 * ignored.
 */
function isOurs(path: string): boolean {
  try {
    return isOwnFile(lstatSync(path));
  } catch (error) {
    if (NOT_THERE.has(codeOf(error))) return false;
    throw error;
  }
}

function isOwnFile(status: Stats): boolean {
  return status.isFile() && (process.getuid === undefined || status.uid === process.getuid());
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (NOT_THERE.has(codeOf(error))) return [];
    throw error;
  }
}

function* takeInFile(dbPath: string, path: string, batchSize: number): Generator<readonly string[], void> {
  const file = openIfThere(path);
  if (file === undefined) return;
  try {
    const unfinished = yield* linesOf(file, batchSize);
    rmSync(path, { force: true });
    // What was appended just before the removal is in no other file.
    yield* spillAgain(dbPath, Buffer.concat([unfinished, readToEnd(file)]));
  } finally {
    closeSync(file);
  }
}

/**
 * Spills text, to be drained later. If that is impossible, yields its lines, and spills them after all if nobody
 * stored them.
 */
function* spillAgain(dbPath: string, text: Uint8Array): Generator<readonly string[], void> {
  const lines = Buffer.from(text)
    .toString()
    .split("\n")
    .filter((line) => line !== "");
  if (lines.length === 0) return;
  const spill = () => appendToSpill(dbPath, [Buffer.from(`\n${lines.join("\n")}\n`)]);
  try {
    spill();
  } catch {
    let isTaken = false;
    try {
      yield lines;
      isTaken = true;
    } finally {
      if (!isTaken) spill();
    }
  }
}

/** Another process may have drained and removed the same file. */
function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (NOT_THERE.has(codeOf(error))) return undefined;
    throw error;
  }
}

/** The complete lines of a file, including those appended meanwhile; returns the incomplete rest. */
function* linesOf(file: number, batchSize: number): Generator<readonly string[], Uint8Array> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let unfinished: Uint8Array = new Uint8Array();
  let lines: string[] = [];
  for (;;) {
    const length = readSync(file, chunk);
    if (length === 0) {
      if (lines.length === 0) return unfinished;
      yield lines;
      lines = [];
      continue;
    }
    const bytes = Buffer.concat([unfinished, chunk.subarray(0, length)]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    unfinished = bytes.subarray(end);
    for (const line of bytes.toString("utf8", 0, end).split("\n")) {
      if (line === "") continue;
      lines.push(line);
      if (lines.length < batchSize) continue;
      yield lines;
      lines = [];
    }
  }
}

function readToEnd(file: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const length = readSync(file, chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
  }
}
