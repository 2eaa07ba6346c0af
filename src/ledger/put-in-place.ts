import { existsSync, linkSync, renameSync } from "node:fs";
import { codeOf } from "../describe";
import { RunledgerError } from "../errors";
import { Connection } from "./connection";
import { moveUnlessTaken, SIDECARS } from "./ledger-file";

/**
 * Replaces a ledger that nobody has open with another. The replaced file is kept beside it.
 *
 * @param newPath The file to move, in the same folder.
 * @param path The ledger's file itself, not a symbolic link to it.
 * @returns the path of the replaced file; `undefined` when there was none.
 * @throws {RunledgerError} `LEDGER_IN_USE` when another connection, of this or another process, has the ledger open.
 */
export function putInPlace(newPath: string, path: string): string | undefined {
  const keptPath = `${path}.before-restore-${Bun.randomUUIDv7()}`;
  if (!existsSync(path)) {
    // SQLite would replay a leftover -wal into the new file.
    moveSidecars(path, keptPath);
    if (moveUnlessTaken(newPath, path)) return undefined;
    throw inUse(path);
  }
  withoutOthers(path, () => {
    moveSidecars(path, keptPath);
    // Link first, then rename over it: there is a ledger at the path at every moment.
    linkOrMove(path, keptPath);
    renameSync(newPath, path);
  });
  return keptPath;
}

/** Runs `action` while nobody else has the ledger open; at once if it is too damaged for SQLite to open. */
function withoutOthers(path: string, action: () => void): void {
  let connection: Connection | undefined;
  try {
    try {
      connection = new Connection(path);
      connection.pragma("busy_timeout = 1000");
      // Fails while anybody has the ledger open, and leaves no -wal.
      connection.pragma("journal_mode = DELETE");
    } catch (error) {
      if (codeOf(error).startsWith("SQLITE_BUSY")) throw inUse(path, error);
      if (!/^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(error))) throw error;
      connection?.abandon();
      connection = undefined;
    }
    if (connection === undefined) action();
    else connection.transaction(action);
  } finally {
    connection?.close();
  }
}

function moveSidecars(path: string, toPath: string): void {
  for (const suffix of SIDECARS) if (existsSync(path + suffix)) renameSync(path + suffix, toPath + suffix);
}

function linkOrMove(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // The file system has no hard links.
    renameSync(from, to);
  }
}

function inUse(path: string, cause?: unknown): RunledgerError {
  return new RunledgerError("LEDGER_IN_USE", `A program has the ledger ${path} open.`, {
    cause,
    hint: "Stop the application that writes it, and whatever reads it; then try again.",
  });
}
