import { fstatSync } from "node:fs";
import { codeOf } from "../describe";

/** What a command writes to and learns from; tests give one of their own. */
export interface Terminal {
  /**
   * Writes to standard output; resolves when there is room for more.
   *
   * @throws {OutputClosedError} when nobody reads it any more.
   */
  write(text: string): Promise<void>;
  /** Writes to standard error. */
  writeError(text: string): void;
  /** Standard input. */
  input(): ReadableStream<Uint8Array>;
  /** How many columns text may take now. */
  readonly columns: number;
  /** Whether standard output is a terminal, not a pipe or a file. */
  readonly isTerminal: boolean;
  /** Whether standard error is one. */
  readonly isErrorTerminal: boolean;
  /** Whether text may be coloured. */
  readonly hasColor: boolean;
  /** From now on an interrupt (Ctrl-C) aborts the signal instead of the process. */
  interruption(): AbortSignal;
}

/** Whoever read standard output has gone, as `head` does when it has enough: no failure of ours. */
export class OutputClosedError extends Error {}

const DEFAULT_COLUMNS = 80;

/**
 * The process's own terminal. `process.stdout` takes 20 ms to load, as much as Bun itself needs to start, so it is
 * asked only where there is a terminal.
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

/** That nobody reads standard error is no failure; an error that nobody listens to would end the process. */
function ignore(): void {}

function errorOutput(): NodeJS.WriteStream {
  return process.stderr.off("error", ignore).on("error", ignore);
}

/** Whether a file descriptor may be a terminal; a pipe or a file is none. One that is closed Bun opens as /dev/null. */
function isCharacterDevice(descriptor: 1 | 2): boolean {
  return fstatSync(descriptor).isCharacterDevice();
}

/**
 * Colours on a terminal; `NO_COLOR` takes them away, `FORCE_COLOR` adds them anywhere. (no-color.org, force-color.org)
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
