import { resolve } from "node:path";
import type { Subprocess } from "bun";
import { builtPackage } from "./dist";

/** How a process ended, and everything it wrote. */
export interface ScriptResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signalCode: Subprocess["signalCode"];
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningScript {
  readonly process: Subprocess<"ignore", "pipe", "pipe">;
  /** Resolves as soon as stdout has this whole line; rejects when the process ends without it. */
  waitForLine(line: string): Promise<void>;
  /** Resolves when the process has ended and its output is complete. */
  readonly finished: Promise<ScriptResult>;
}

/** A process that takes so long hangs. */
const DEADLINE_MS = 240_000;

/** Runs a script of test/process (or any absolute path) by this Bun, to its end. */
export function runScript(
  path: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ScriptResult> {
  return startScript(path, args, env).finished;
}

/** As {@link runScript}, but gives the running process; `launcher` is a command to start Bun by. */
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
  let stdout = "";
  let wake = Promise.withResolvers<boolean>();
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      stdout += decoder.decode(chunk, { stream: true });
      wake.resolve(true);
      wake = Promise.withResolvers();
    }
    wake.resolve(false);
  })();
  const finished = Promise.all([child.exited, new Response(child.stderr).text(), reading]).then(
    ([, stderr]) => ({ exitCode: child.exitCode, signalCode: child.signalCode, stdout, stderr }),
  );
  return {
    process: child,
    finished,
    async waitForLine(line) {
      for (let more = true; !stdout.split("\n").slice(0, -1).includes(line); more = await wake.promise) {
        if (!more)
          throw new Error(`${path} ended without the line "${line}": ${JSON.stringify(await finished)}`);
      }
    },
  };
}
