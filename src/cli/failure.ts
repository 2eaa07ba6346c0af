import { CommanderError } from "commander";
import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { toStoreFailure } from "../ledger/sqlite-errors";

/** Ends a command with an exit code when all that there is to say was said. */
export class EndedError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** How a command failed, in words. */
export interface Failure {
  /** 1: it failed; 2: it was called wrongly. */
  readonly exitCode: 1 | 2;
  readonly code: string;
  /** One line. */
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What a person, or with `--json` a program, is told about an error. */
export function failureOf(thrown: unknown): Failure {
  const error = toStoreFailure("run the command", thrown);
  if (error instanceof CommanderError) {
    return { exitCode: 2, code: "INVALID_ARGUMENT", message: oneLine(error.message.replace(/^error: /, "")) };
  }
  if (!(error instanceof RunledgerError)) {
    return { exitCode: 1, code: "UNEXPECTED", message: oneLine(messageOf(error)) };
  }
  const { code, hint } = error;
  const message = hint === undefined ? error.message : error.message.slice(0, -hint.length - 1);
  const exitCode = code === "INVALID_ARGUMENT" || code === "INVALID_OPTION" ? 2 : 1;
  return { exitCode, code, message: oneLine(message), hint };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
