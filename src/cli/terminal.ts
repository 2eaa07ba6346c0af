import { fstatSync } from "node:fs";
import { codeOf } from "../describe";

/** A command's input and output; tests provide their own. */
export interface Terminal {
  /**
   * Writes to standard output; resolves when there is room for more.
   *
   * @throws {OutputClosedError} if nobody reads it any more.
   */
  write(text: string): Promise<void>;
  /** Writes to standard error. */
  writeError(text: string): void;
  /** Standard input. */
  input(): ReadableStream<Uint8Array>;
  /** How many columns wide text may be at the moment. */
  readonly columns: number;
  /** Whether standard output is a terminal, not a pipe or a file. */
  readonly isTerminal: boolean;
  /** The same for standard error. */
  readonly isErrorTerminal: boolean;
  /** Whether text may be coloured. */
  readonly hasColor: boolean;
  /** From now on an interrupt (Ctrl-C) aborts the signal instead of the process. */
  interruption(): AbortSignal;
}

/** The reader of standard output has gone, as `head` does when it has enough: not a failure of ours. */
export class OutputClosedError extends Error {}

const DEFAULT_COLUMNS = 80;

/**
 * The process's own terminal. `process.stdout` takes 20 ms to load, as long as Bun itself takes to start, so it is used
 * only if there is a terminal.
 */
export function processTerminal(): Terminal {
  const { env } = process;
  const output = Bun.stdout.writer();
  const isTerminal = isCharacterDevice(1) && process.stdout.isTTY === true;
  return {
    async write(text) {
      try {
        await output.write(text);
        await output.flush();
      } catch (error) {
        throw isClosed(error) ? new OutputClosedError() : error;
      }
    },
    writeError: (text) => void errorOutput().write(text),
    input: () => Bun.stdin.stream(),
    get columns() {
      // A terminal that doesn't know its width reports 0.
      return columnsOf(env["COLUMNS"]) ?? ((isTerminal && process.stdout.columns) || DEFAULT_COLUMNS);
    },
    isTerminal,
    get isErrorTerminal() {
      return isCharacterDevice(2) && process.stderr.isTTY === true;
    },
    hasColor: wantsColor(env, isTerminal),
    interruption() {
      const controller = new AbortController();
      process.once("SIGINT", () => controller.abort());
      return controller.signal;
    },
  };
}

/** It is not a failure if nobody reads standard error, but an unhandled error event would end the process. */
function ignore(): void {}

function errorOutput(): NodeJS.WriteStream {
  return process.stderr.off("error", ignore).on("error", ignore);
}

/** Whether a file descriptor may be a terminal, not a pipe or a file. Bun opens a closed one as /dev/null. */
function isCharacterDevice(descriptor: 1 | 2): boolean {
  return fstatSync(descriptor).isCharacterDevice();
}

/**
 * Whether to use colours: on a terminal yes, `NO_COLOR` turns them off, `FORCE_COLOR` turns them on anywhere.
 * (no-color.org, force-color.org)
 */
export function wantsColor(
  { NO_COLOR, FORCE_COLOR }: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isTerminal;
}

function columnsOf(text = ""): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}

function isClosed(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EPIPE" || code === "ECONNRESET";
}
