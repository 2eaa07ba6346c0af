import type { FromWriter, LedgerOptions, ToWriter } from "../handoff/protocol";
import type { SharedCounts } from "../handoff/shared-counts";
import { THREADS } from "../threads";
import { startWorker } from "../worker";
import type { WriterStart } from "../writer/writer-thread";

/** The recorder's view of a writer, on whatever thread it runs. */
export interface WriterLink {
  post(message: ToWriter): void;
  /** Blocks until the batch is acknowledged or the time is up. Used while the process exits. */
  finish(sequence: number, timeoutMs: number): void;
  /** Ends the writer at once, whatever it is doing. */
  terminate(): void;
}

/** What a link reports to its recorder. */
export interface LinkEvents {
  readonly onMessage: (message: FromWriter) => void;
  /** The writer ended unexpectedly; no more answers will come. */
  readonly onDeath: (error: unknown) => void;
}

/** Starts a writer, which claims the offer in `counts` as soon as it runs. */
export type StartWriter = (options: LedgerOptions, counts: SharedCounts, events: LinkEvents) => WriterLink;

/** On its own thread the writer may wait for locks and merge waiting batches; on the host's thread it may not. */
const THREAD_LIMITS = { busyTimeoutMs: 5_000, maxTransactionSize: 4_096 };
const INLINE_LIMITS = { busyTimeoutMs: 0, maxTransactionSize: 0 };

/** A writer in a thread of its own, which does not keep the process alive. */
export const startThread: StartWriter = (options, counts, { onMessage, onDeath }) => {
  const thread = startWorker<FromWriter>(THREADS.writer(), { onMessage, onEnd: onDeath });
  const start: WriterStart = { options: { ...options, ...THREAD_LIMITS }, counts: counts.buffer };
  thread.post(start);
  return {
    post: (message) => thread.post(message),
    finish: (sequence, timeoutMs) => {
      counts.waitFor(sequence, timeoutMs);
    },
    terminate: () => thread.terminate(),
  };
};

/** The same writer on the host's own thread, for environments that can't start threads. */
export const startInline: StartWriter = (options, counts, { onMessage }) => {
  counts.claim();
  // Loaded on use: with a writer thread, the host's thread needs none of this.
  const { Writer } = require("../writer/writer") as typeof import("../writer/writer");
  const writer = new Writer({ ...options, ...INLINE_LIMITS }, counts, onMessage);
  return {
    post: (message) => writer.handle(message),
    finish: (_, timeoutMs) => writer.drain(timeoutMs),
    terminate: () => writer.stop(),
  };
};
