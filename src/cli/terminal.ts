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

/** The process's own terminal. */
export function processTerminal(): Terminal {
  const { env, stdout, stderr } = process;
  // What a callback reports is emitted as well; an error that nobody listens to would end the process.
  stdout.on("error", () => {});
  stderr.on("error", () => {});
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        stdout.write(text, (error) => {
          if (error == null) resolve();
          else reject(isClosed(error) ? new OutputClosedError() : error);
        });
      }),
    writeError: (text) => void stderr.write(text),
    input: () => Bun.stdin.stream(),
    get columns() {
      // Terminals that don't know their width say 0.
      return columnsOf(env["COLUMNS"]) ?? (stdout.columns || DEFAULT_COLUMNS);
    },
    isTerminal: stdout.isTTY === true,
    isErrorTerminal: stderr.isTTY === true,
    hasColor: wantsColor(env, stdout.isTTY === true),
    interruption() {
      const controller = new AbortController();
      process.once("SIGINT", () => controller.abort());
      return controller.signal;
    },
  };
}

/** Colours on a terminal; `NO_COLOR` takes them away, `FORCE_COLOR` adds them anywhere. (no-color.org, force-color.org) */
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

function isClosed(error: Error): boolean {
  return "code" in error && (error.code === "EPIPE" || error.code === "ECONNRESET");
}
