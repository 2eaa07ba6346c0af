import { run } from "../../src/cli/run";
import type { Terminal } from "../../src/cli/terminal";

/** A terminal that keeps what was written to it. */
export interface FakeTerminal extends Terminal {
  /** Everything on standard output so far. */
  readonly out: string;
  /** Everything on standard error so far. */
  readonly err: string;
  /** Does what Ctrl-C does. */
  interrupt(): void;
}

/** A pipe of 80 columns without colours or input, unless overridden. */
export function fakeTerminal(overrides: Partial<Terminal> = {}): FakeTerminal {
  const written = { out: "", err: "" };
  const interruption = new AbortController();
  return {
    async write(text) {
      written.out += text;
    },
    writeError(text) {
      written.err += text;
    },
    input: () => new Blob().stream(),
    columns: 80,
    isTerminal: false,
    isErrorTerminal: false,
    hasColor: false,
    interruption: () => interruption.signal,
    ...overrides,
    get out() {
      return written.out;
    },
    get err() {
      return written.err;
    },
    interrupt: () => interruption.abort(),
  };
}

/** Runs `runledger …` in this process; returns what it wrote, and its exit code. */
export async function runCli(args: readonly string[], overrides?: Partial<Terminal>) {
  const terminal = fakeTerminal(overrides);
  const exitCode = await run(args, terminal);
  return { exitCode, out: terminal.out, err: terminal.err };
}
