/** The starter's view of a thread. The thread does not keep the process alive. */
export interface StartedWorker {
  post(message: unknown): void;
  /** Ends it at once, whatever it is doing. */
  terminate(): void;
}

/** What a thread reports to its starter. */
export interface WorkerEvents<Message> {
  readonly onMessage: (message: Message) => void;
  /** It ended, on request or not; with the error that ended it, if any. */
  readonly onEnd: (error: unknown) => void;
}

/** Starts a thread at a URL. */
export function startWorker<Message>(
  entry: string,
  { onMessage, onEnd }: WorkerEvents<Message>,
): StartedWorker {
  const worker = new Worker(entry);
  worker.unref();
  let cause: unknown;
  worker.addEventListener("message", (event: MessageEvent<Message>) => onMessage(event.data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    cause = event.error ?? event.message;
  });
  worker.addEventListener("close", () => onEnd(cause));
  return { post: (message) => worker.postMessage(message), terminate: () => worker.terminate() };
}

/** The thread's side: `globalThis` in a thread, which only the type libraries of browsers declare. */
export interface WorkerScope<Outgoing> {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: Outgoing): void;
}

/** For the entry of a thread. */
export function workerScope<Outgoing>(): WorkerScope<Outgoing> {
  return globalThis as unknown as WorkerScope<Outgoing>;
}
