import { formatBytes, formatCountOf } from "../report/format/values";
import type { Terminal } from "./terminal";

const BAR_WIDTH = 30;
const REDRAW_EVERY_MS = 100;

/** The progress of a long command, shown on standard error if that is a terminal. */
export interface Progress {
  /** Adds to what is done. */
  advance(amount: number): void;
  /** Writes a separate line to standard error. */
  print(line: string): void;
  /** Erases it. */
  end(): void;
}

/** A bar towards a number of bytes or, if the total is unknown (0), the bytes so far. */
export function byteProgress(terminal: Terminal, totalBytes: number): Progress {
  return createProgress(terminal, (done) =>
    totalBytes > 0 ? bar(Math.min(1, done / totalBytes)) : formatBytes(done),
  );
}

/** The number of executions so far; shows nothing unless `isShown`. */
export function countProgress(terminal: Terminal, isShown = true): Progress {
  return createProgress(terminal, (done) => formatCountOf(done, "execution"), isShown);
}

function createProgress(terminal: Terminal, show: (done: number) => string, isShown = true): Progress {
  if (!isShown || !terminal.isErrorTerminal) {
    return { advance() {}, print: (line) => terminal.writeError(line), end() {} };
  }
  let done = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    advance(amount) {
      done += amount;
      if (performance.now() - drawnAt < REDRAW_EVERY_MS) return;
      drawnAt = performance.now();
      terminal.writeError(`\r${show(done)}\x1b[K`);
    },
    print: (line) => terminal.writeError(`\r\x1b[K${line}`),
    end: () => terminal.writeError("\r\x1b[K"),
  };
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_WIDTH);
  return `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${Math.floor(share * 100)} %`;
}
