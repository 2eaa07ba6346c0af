import { setImmediate } from "node:timers/promises";
import { type App, type ExecutionCompleted, telemetryPlugin } from "runledger";
import { type Line, readLines } from "./lines";

/** Standard input, where a file is expected. */
export const STDIN = "-";

/** Emits every line of the files as an event, and hands each chunk's size to `onProgress`. */
export async function replay(
  app: App,
  files: readonly string[],
  onProgress: (bytes: number) => void,
): Promise<void> {
  const telemetry = app.get(telemetryPlugin);
  for (const file of files) {
    for await (const { bytes, lines } of readLines(open(file))) {
      for (const line of lines) {
        if (line.text.trim() !== "") app.emitter.emit("execution:completed", toEvent(file, line));
      }
      // A file is read faster than the ledger writes: without this the queue would hold all of it.
      await telemetry.flush();
      // Reading a file in Bun doesn't yield to the event loop: without this Ctrl-C would wait for the end of the file.
      await setImmediate();
      onProgress(bytes);
    }
  }
}

function open(file: string): ReadableStream<Uint8Array> {
  return file === STDIN ? Bun.stdin.stream() : Bun.file(file).stream();
}

/** Whatever the line holds: the ledger rejects what is no execution, and keeps it with its place in the file. */
function toEvent(file: string, { number, text }: Line): ExecutionCompleted {
  const line = `${file}:${number}`;
  const value = parseObject(text);
  return (value === undefined ? { line, text } : { ...value, line }) as never;
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
