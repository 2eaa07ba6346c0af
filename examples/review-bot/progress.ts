const WIDTH = 30;
const REDRAW_EVERY_MS = 50;

/** The part of `process.stderr` that a progress bar needs. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  advance(bytes: number): void;
  /** Wipes the bar. */
  end(): void;
}

/** A bar on a terminal, nothing elsewhere; a count of bytes where the total is unknown (0). */
export function createProgress(totalBytes: number, terminal: Terminal = process.stderr): Progress {
  if (terminal.isTTY !== true) return { advance() {}, end() {} };
  let done = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    advance(bytes) {
      done += bytes;
      if (performance.now() - drawnAt < REDRAW_EVERY_MS) return;
      drawnAt = performance.now();
      terminal.write(`\r${totalBytes > 0 ? bar(Math.min(1, done / totalBytes)) : megabytes(done)}`);
    },
    end() {
      terminal.write("\r\x1b[K");
    },
  };
}

function bar(share: number): string {
  const filled = Math.round(share * WIDTH);
  return `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${Math.floor(share * 100)} %`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
