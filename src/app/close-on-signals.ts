import { constants } from "node:os";
import { describe } from "../describe";
import { RunledgerError } from "../errors";
import type { Logger } from "../logger";

/**
 * Closes at the first of the given signals, then exits with 128 + the signal's number; a second signal exits
 * at once. Returns the undo.
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
    if (closing) {
      exit();
    } else {
      closing = true;
      close()
        .catch((err: unknown) => logger.error({ err, signal }, "closing on a signal failed"))
        .finally(exit);
    }
  };
  // A signal listed twice must not count as the second signal.
  const distinct = new Set(signals);
  for (const signal of distinct) process.on(signal, onSignal);
  return () => {
    for (const signal of distinct) process.off(signal, onSignal);
  };
}
