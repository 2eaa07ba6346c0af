import { CommanderError } from "commander";
import { type Failure, failureOf as failureOfAny, oneLine } from "../failure";
import { toStoreFailure } from "../ledger/sqlite-errors";

/** Ends a command with an exit code, after everything has been printed. */
export class EndedError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** How a command failed, in words. */
export interface CommandFailure extends Failure {
  /** 1: it failed; 2: wrong usage. */
  readonly exitCode: 1 | 2;
}

/** How an error is shown to a person or, with `--json`, to a program. */
export function failureOf(thrown: unknown): CommandFailure {
  if (thrown instanceof CommanderError) {
    return {
      exitCode: 2,
      code: "INVALID_ARGUMENT",
      message: oneLine(thrown.message.replace(/^error: /, "")),
    };
  }
  const failure = failureOfAny(toStoreFailure("run the command", thrown));
  const { code } = failure;
  return { exitCode: code === "INVALID_ARGUMENT" || code === "INVALID_OPTION" ? 2 : 1, ...failure };
}
