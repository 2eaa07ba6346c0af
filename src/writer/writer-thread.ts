import type { FromWriter, ToWriter, WriterOptions } from "../handoff/protocol";
import { SharedCounts } from "../handoff/shared-counts";
import { workerScope } from "../worker";
import { Writer } from "./writer";

// The entry of the writer's thread: a `Writer`, fed by messages. The first message says how to start.

/** The first message to the thread. */
export interface WriterStart {
  readonly options: WriterOptions;
  readonly counts: SharedArrayBuffer;
}

const scope = workerScope<FromWriter>();

scope.onmessage = ({ data }) => {
  const { options, counts } = data as WriterStart;
  const shared = new SharedCounts(counts);
  // An exiting host doesn't wait for the thread to start: it has claimed the writing itself.
  if (!shared.claim()) return;
  const writer = new Writer(options, shared, (message) => scope.postMessage(message));
  scope.onmessage = (event) => writer.handle(event.data as ToWriter);
};
