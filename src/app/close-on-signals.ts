import { constants } from "node:os";
import { describe } from "../describe";
import { RunledgerError } from "../errors";
import type { Logger } from "../logger";
import { announce, forerunnersOf } from "../reload";

/**
 * Closes on the first of the given signals, then exits with 128 + the signal's number; a second signal exits
 * immediately. Returns a function that removes the handlers. After a reload (`bun --hot`), replaces the handlers of
 * the earlier evaluation.
 */
export function closeOnSignals(
  close: () => Promise<void>,
  logger: Logger,
  signals: readonly NodeJS.Signals[],
): () => void {
  for (const signal of signals) {
    if (!(signal in constants.signals)) {
      throw new RunledgerError(
        "INVALID_ARGUMENT",
        `Expected the name of a signal, received ${describe(signal)}.`,
      );
    }
  }
  let closing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    const exit = () => process.exit(128 + constants.signals[signal]);
    if (closing || isRestart(signal)) {
      exit();
    } else {
      closing = true;
      close()
        .catch((err: unknown) => logger.error({ err, signal }, "closing on a signal failed"))
        .finally(exit);
    }
  };
  // A signal listed twice must not count as a second signal.
  const distinct = new Set(signals);
  for (const undo of forerunnersOf<() => void>(KIND)) undo();
  for (const signal of distinct) process.on(signal, onSignal);
  const undo = (): void => {
    forget();
    for (const signal of distinct) process.off(signal, onSignal);
  };
  const forget = announce(KIND, undo);
  return undo;
}

const KIND = "closeOnSignals";

/**
 * When a file is saved, `bun --watch` calls the handlers of SIGTERM and restarts the program as soon as they return,
 * without awaiting promises. Exiting inside the handler runs the `exit` handlers, which store what was recorded.
 */
function isRestart(signal: NodeJS.Signals): boolean {
  return signal === "SIGTERM" && process.execArgv.includes("--watch");
}
