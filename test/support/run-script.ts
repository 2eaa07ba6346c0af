import { resolve } from "node:path";
import type { Subprocess } from "bun";
import { builtPackage } from "./dist";

/** How a process ended, and everything it wrote. */
export interface ScriptResult {
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
  readonly signalCode: Subprocess["signalCode"];
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningScript {
  readonly process: Subprocess<"ignore", "pipe", "pipe">;
  /** Resolves as soon as stdout has this whole line; rejects if the process ends without it. */
  waitForLine(line: string): Promise<void>;
  /** The same for a text anywhere in stderr. */
  waitForError(text: string): Promise<void>;
  /** Resolves when the process has ended and its output is complete. */
  readonly finished: Promise<ScriptResult>;
}

/** A process that takes longer is considered hung. */
const DEADLINE_MS = 240_000;

/** Runs a script of test/process (or any absolute path) with this Bun, to its end. */
export function runScript(
  path: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ScriptResult> {
  return startScript(path, args, env).finished;
}

/** Like {@link runScript}, but returns the running process. `launcher` is a command that starts Bun. */
export function startScript(
  path: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  launcher: readonly string[] = [],
): RunningScript {
  builtPackage();
  const script = resolve(import.meta.dir, "../process", path);
  const child = Bun.spawn([...launcher, process.execPath, script, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: DEADLINE_MS,
    killSignal: "SIGKILL",
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const finished = Promise.all([child.exited, stdout.complete, stderr.complete]).then(() => ({
    exitCode: child.exitCode,
    signalCode: child.signalCode,
    stdout: stdout.text,
    stderr: stderr.text,
  }));
  const waitFor = async (output: Output, isThere: (text: string) => boolean, what: string) => {
    if (await output.until(isThere)) return;
    throw new Error(`${path} ended without ${what}: ${JSON.stringify(await finished)}`);
  };
  return {
    process: child,
    finished,
    waitForLine: (line) =>
      waitFor(stdout, (text) => text.split("\n").slice(0, -1).includes(line), `the line "${line}"`),
    waitForError: (text) => waitFor(stderr, (all) => all.includes(text), `"${text}" on stderr`),
  };
}

interface Output {
  /** Everything read so far. */
  readonly text: string;
  readonly complete: Promise<void>;
  /** Resolves to whether the text met a condition before the stream ended. */
  until(isFulfilled: (text: string) => boolean): Promise<boolean>;
}

function collect(stream: ReadableStream<Uint8Array>): Output {
  let text = "";
  let wake = Promise.withResolvers<boolean>();
  const complete = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      wake.resolve(true);
      wake = Promise.withResolvers();
    }
    wake.resolve(false);
  })();
  return {
    get text() {
      return text;
    },
    complete,
    async until(isFulfilled) {
      for (let more = true; !isFulfilled(text); more = await wake.promise) if (!more) return false;
      return true;
    },
  };
}
