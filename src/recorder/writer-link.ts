import type { FromWriter, LedgerOptions, ToWriter } from "../handoff/protocol";
import type { SharedCounts } from "../handoff/shared-counts";
import { THREADS } from "../threads";
import { startWorker } from "../worker";
import type { WriterStart } from "../writer/writer-thread";

/** A writer as its recorder sees it, wherever it runs. */
export interface WriterLink {
  post(message: ToWriter): void;
  /** Blocks until the batch is acknowledged or the time is over: for the process's exit. */
  finish(sequence: number, timeoutMs: number): void;
  /** Ends the writer at once, whatever it is doing. */
  terminate(): void;
}

/** What a link tells its recorder. */
export interface LinkEvents {
  readonly onMessage: (message: FromWriter) => void;
  /** The writer ended without being told to; it will answer nothing more. */
  readonly onDeath: (error: unknown) => void;
}

/** Starts a writer, which claims the writing from `counts` as soon as it runs. */
export type StartWriter = (options: LedgerOptions, counts: SharedCounts, events: LinkEvents) => WriterLink;

/** On its own thread the writer may wait for a lock, and take what waits together; on the host's it may not. */
const THREAD_LIMITS = { busyTimeoutMs: 5_000, maxTransactionSize: 4_096 };
const INLINE_LIMITS = { busyTimeoutMs: 0, maxTransactionSize: 0 };

/** The writer in a thread of its own, which doesn't keep the process alive. */
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

/** The same writer on the host's own thread, for where no thread can be started. */
export const startInline: StartWriter = (options, counts, { onMessage }) => {
  counts.claim();
  // Loaded on use: the host's thread needs nothing of the writing side while that has a thread of its own.
  const { Writer } = require("../writer/writer") as typeof import("../writer/writer");
  const writer = new Writer({ ...options, ...INLINE_LIMITS }, counts, onMessage);
  return {
    post: (message) => writer.handle(message),
    finish: (_, timeoutMs) => writer.drain(timeoutMs),
    terminate: () => writer.stop(),
  };
};
