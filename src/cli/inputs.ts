import { constants, createReadStream, type Stats } from "node:fs";
import { access, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { codeOf, withoutCredentials } from "../describe";
import { RunledgerError } from "../errors";
import type { Terminal } from "./terminal";
import { refuseNoText } from "./text-source";

/** How much of each file is checked before any is read. */
const LOOKED_AT_BYTES = 4_096;

/** A file to read, or standard input. */
export interface Input {
  /** Its name in messages. */
  readonly name: string;
  /** 0 if unknown. */
  readonly bytes: number;
  stream(): ReadableStream<Uint8Array>;
}

/**
 * The files of a command line; `-` is standard input. All are checked before the first is read.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT` if one can't be read, or is not text.
 */
export function findInputs(files: readonly string[], terminal: Terminal): Promise<Input[]> {
  return Promise.all(
    files.map(async (file) => {
      if (file === "-") return { name: "standard input", bytes: 0, stream: () => terminal.input() };
      const found = await statReadable(file);
      return { name: file, bytes: found.size, stream: () => streamOf(file, found) };
    }),
  );
}

/** Bun's own stream of a device such as /dev/null fails: it polls the device like a socket. */
function streamOf(file: string, found: Stats): ReadableStream<Uint8Array> {
  if (found.isFile()) return Bun.file(file).stream();
  return Readable.toWeb(createReadStream(file)) as unknown as ReadableStream<Uint8Array>;
}

async function statReadable(file: string): Promise<Stats> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new RunledgerError("INVALID_ARGUMENT", `${file} is a folder.`);
    await access(file, constants.R_OK);
    if (found.isFile()) refuseNoText(await Bun.file(file).slice(0, LOOKED_AT_BYTES).bytes(), file);
    return found;
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
