import { messageOf } from "./describe";
import { type ErrorCode, RunledgerError } from "./errors";
import { toStoreFailure } from "./ledger/sqlite-errors";

/** An error in words: what a person, or with JSON a program, is told about it. */
export interface Failure {
  readonly code: ErrorCode | "UNEXPECTED";
  /** One line, without the hint. */
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Puts whatever was thrown into words. */
export function failureOf(thrown: unknown): Failure {
  const error = toStoreFailure("read the ledger", thrown);
  if (!(error instanceof RunledgerError)) return { code: "UNEXPECTED", message: oneLine(messageOf(error)) };
  const { code, hint } = error;
  const message = hint === undefined ? error.message : error.message.slice(0, -hint.length - 1);
  return { code, message: oneLine(message), hint };
}

/** A text without line breaks. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
