import { resolve } from "node:path";
import type { Subprocess } from "bun";
import type { TelemetryPluginOptions } from "../../src/index";
import type { HostCommands } from "../process/remote-host";
import { builtPackage } from "./dist";
import type { Place } from "./place";

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** How a host ended. */
export interface HostEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** The log, as JSON lines. */
  readonly stderr: string;
}

/** An application in its own process that does what the test tells it; killed when it goes out of scope. */
export interface RemoteHost extends AsyncDisposable {
  readonly process: Subprocess<"ignore", "pipe", "pipe">;
  call<Command extends keyof HostCommands>(
    command: Command,
    ...parameters: Parameters<HostCommands[Command]>
  ): Promise<Awaited<ReturnType<HostCommands[Command]>>>;
  /** Lets it end by itself. */
  end(): Promise<HostEnd>;
  readonly ended: Promise<HostEnd>;
}

/** How to start a host, besides the plugin's options. */
export interface RemoteHostSettings {
  /** The prefix of its events' ids. */
  readonly prefix?: string;
  /** A command that starts Bun. */
  readonly launcher?: readonly string[];
}

const DEADLINE_MS = 240_000;
/** A host that takes longer to answer is considered hung. */
const ANSWER_WITHIN_MS = 120_000;

/** Starts an application with the plugin, on a place's ledger. */
export function startHost(
  { dbPath, environment }: Place,
  options: TelemetryPluginOptions = {},
  { prefix = "event", launcher = [] }: RemoteHostSettings = {},
): RemoteHost {
  builtPackage();
  const script = resolve(import.meta.dir, "../process/remote-host.ts");
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  const child = Bun.spawn(
    [...launcher, process.execPath, script, JSON.stringify({ dbPath, ...options }), prefix],
    {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: DEADLINE_MS,
      killSignal: "SIGKILL",
      ipc({ id, value, error }: Reply) {
        const call = pending.get(id);
        pending.delete(id);
        if (error === undefined) call?.resolve(value);
        else call?.reject(new Error(error));
      },
    },
  );
  const ended = (async (): Promise<HostEnd> => {
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    const { exitCode } = child;
    for (const call of pending.values()) call.reject(new Error(`The host ended (${exitCode}): ${stderr}`));
    return { exitCode, stdout, stderr };
  })();
  const call: RemoteHost["call"] = (command, ...parameters) => {
    lastId += 1;
    const reply = Promise.withResolvers<unknown>();
    pending.set(lastId, reply);
    const timer = setTimeout(() => reply.reject(new Error(`no answer to ${command}`)), ANSWER_WITHIN_MS);
    // A failed test no longer awaits its calls.
    reply.promise.catch(() => {}).finally(() => clearTimeout(timer));
    child.send({ id: lastId, command, parameters });
    return reply.promise as Promise<Awaited<ReturnType<HostCommands[typeof command]>>>;
  };
  return {
    process: child,
    call,
    ended,
    async end() {
      await call("end");
      return ended;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
