import { existsSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { codeOf } from "../describe";
import { RunledgerError } from "../errors";
import { moveUnlessTaken } from "../ledger/ledger-file";
import { EndedError } from "./failure";

/** A file that gets its name only once it is completely on the disk. */
export interface WholeFile extends AsyncDisposable {
  /** Its name until it is complete. */
  readonly partialPath: string;
  /** @throws {EndedError} if it was interrupted. */
  write(data: string | Uint8Array): Promise<void>;
  /**
   * Gives the file its name.
   *
   * @throws {RunledgerError} `INVALID_ARGUMENT` if another file took the name in the meantime.
   */
  complete(): Promise<void>;
}

/** The exit code that shells use: 128 plus the number of SIGINT. */
const INTERRUPTED = 130;

/**
 * Creates a file that only its owner can read. It never overwrites one: that could be anything, even the ledger. Until
 * the file is complete it is called `<path>.partial-…`; if it is not completed, it is removed.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT` if there is a file of this name, or none can be created.
 */
export async function createWhole(path: string, interruption: AbortSignal): Promise<WholeFile> {
  // Checked again at the end, but a name that is taken should fail at once.
  if (existsSync(path)) throw taken(path);
  const partial = `${path}.partial-${Bun.randomUUIDv7()}`;
  const file = await create(partial, path);
  return {
    partialPath: partial,
    async write(data) {
      if (interruption.aborted) throw new EndedError(INTERRUPTED);
      await file.appendFile(data);
    },
    async complete() {
      if (interruption.aborted) throw new EndedError(INTERRUPTED);
      await file.sync();
      if (!moveUnlessTaken(partial, path)) throw taken(path);
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      await rm(partial, { force: true });
    },
  };
}

async function create(partial: string, path: string): Promise<FileHandle> {
  try {
    return await open(partial, "wx", 0o600);
  } catch (cause) {
    throw new RunledgerError("INVALID_ARGUMENT", `Can't create ${path}: ${codeOf(cause)}.`, { cause });
  }
}

function taken(path: string): RunledgerError {
  return new RunledgerError("INVALID_ARGUMENT", `${path} exists already.`, {
    hint: "Name another file, or remove it.",
  });
}
