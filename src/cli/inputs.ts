import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { codeOf, withoutCredentials } from "../describe";
import { RunledgerError } from "../errors";
import type { Terminal } from "./terminal";

/** A file to read, or standard input. */
export interface Input {
  /** What messages call it. */
  readonly name: string;
  /** 0 where nobody knows. */
  readonly bytes: number;
  stream(): ReadableStream<Uint8Array>;
}

/**
 * The files of a command line, `-` among them for standard input; all are looked at before the first is read.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT` when one can't be read.
 */
export function findInputs(files: readonly string[], terminal: Terminal): Promise<Input[]> {
  return Promise.all(
    files.map(async (file) => {
      if (file === "-") return { name: "standard input", bytes: 0, stream: () => terminal.input() };
      return { name: file, bytes: await sizeOf(file), stream: () => Bun.file(file).stream() };
    }),
  );
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new RunledgerError("INVALID_ARGUMENT", `${file} is a folder.`);
    await access(file, constants.R_OK);
    return found.size;
  } catch (cause) {
    if (cause instanceof RunledgerError) throw cause;
    const isMissing = codeOf(cause) === "ENOENT";
    throw new RunledgerError(
      "INVALID_ARGUMENT",
      isMissing
        ? `There is no file ${withoutCredentials(file)}.`
        : `Can't read ${withoutCredentials(file)}: ${codeOf(cause)}.`,
      { cause },
    );
  }
}
