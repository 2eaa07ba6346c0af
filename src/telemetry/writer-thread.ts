import type { FromWriter, ToWriter, WriterOptions } from "./protocol";
import { SharedCounts } from "./shared-counts";
import { Writer } from "./writer";

// The entry of the writer's thread: a `Writer`, fed by messages. The first message says how to start.

/** The first message to the thread. */
export interface WriterStart {
  readonly options: WriterOptions;
  readonly counts: SharedArrayBuffer;
}

/** What `globalThis` is in a worker; only bundlers' and browsers' type libraries declare it. */
interface WorkerScope {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: FromWriter): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  const { options, counts } = data as WriterStart;
  const writer = new Writer(options, new SharedCounts(counts), (message) => scope.postMessage(message));
  scope.onmessage = (event) => writer.handle(event.data as ToWriter);
};
