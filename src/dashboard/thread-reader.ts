import { RunledgerError } from "../errors";
import type { Failure } from "../failure";
import { startWorker } from "../worker";
import type { LedgerPlace } from "./ledger-access";
import { type FromReader, isErrorCode, type ReaderStart, type ToReader } from "./protocol";
import type { Answer } from "./questions";
import type { Reader } from "./readers";

/** Starts a reader in its own thread. */
export function startThreadReader(entry: string, place: LedgerPlace): Reader {
  const pending = new Map<number, PromiseWithResolvers<Answer>>();
  const closed = Promise.withResolvers<void>();
  let lastId = 0;
  const worker = startWorker<FromReader>(entry, {
    onMessage(message) {
      if (message.type === "closed") return closed.resolve();
      const answer = pending.get(message.id);
      pending.delete(message.id);
      if (message.type === "answer") answer?.resolve(message.answer);
      else answer?.reject(errorFrom(message.failure));
    },
    onEnd(error) {
      closed.resolve();
      for (const { reject } of pending.values()) reject(error ?? new Error("The reader's thread has ended."));
      pending.clear();
    },
  });
  worker.post({ role: "read", place } satisfies ReaderStart);
  const post = (message: ToReader) => worker.post(message);
  return {
    ask(question) {
      lastId += 1;
      const answer = Promise.withResolvers<Answer>();
      pending.set(lastId, answer);
      post({ type: "ask", id: lastId, question });
      return answer.promise;
    },
    async close() {
      if (pending.size > 0) return;
      post({ type: "close" });
      await closed.promise;
    },
    end: () => worker.terminate(),
  };
}

/** Restores an error from the other thread. */
function errorFrom({ code, message, hint }: Failure): Error {
  return isErrorCode(code) ? new RunledgerError(code, message, { hint }) : new Error(message);
}
