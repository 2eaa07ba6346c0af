/**
 * Every code a {@link RunledgerError} can carry, and what it means.
 *
 * This table is the single source. docs/errors.md lists the same codes, and a test compares the two.
 */
export const ERROR_CODES = {
  APP_CLOSED: "The app is closing or closed, so nothing more can be registered on it.",
  BEYOND_RETENTION:
    "The execution completed before the newest one that was purged, so it may have been counted and purged already.",
  CLOSED: "The store, the telemetry handle or the ledger is closed.",
  CLOSE_TIMEOUT: "A close hook did not finish within its share of the closing time.",
  DUPLICATE_PLUGIN: "A plugin of this name is installed already.",
  FORWARD_FAILED: "PostgreSQL can't be reached, or refuses what forwarding asks of it; `cause` is the error.",
  INVALID_ARGUMENT: "A method was called with an argument that it does not take.",
  INVALID_OPTION: "An option is unknown, or has a value that it does not take.",
  INVALID_RECORD: "A record lacks a required field, or a field has a value that can't be stored.",
  LEDGER_IN_USE: "The ledger can't be replaced while a program has it open.",
  LEDGER_NOT_FOUND: "There is no ledger at the path that was to be read.",
  MISSING_PACKAGE: "An optional package is needed for this, and is not installed.",
  NOT_INSTALLED: "This plugin is not installed on this app.",
  OPEN_FAILED: "The ledger file can't be opened; it was left as it is.",
  SCHEMA_TOO_NEW: "The ledger was written by a newer Runledger; it was left as it is.",
  SCHEMA_TOO_OLD: "The ledger was written by an older Runledger; opened once for writing, it can be read.",
  STORE_FAILED: "SQLite refused an operation; `cause` is its error.",
} as const satisfies Record<string, string>;

/** One of the codes in {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What else an error knows. */
export interface RunledgerErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** What to do about it: one sentence, appended to the message. */
  readonly hint?: string | undefined;
}

/**
 * The one error class of this package: tell cases apart by `code`.
 *
 * @example
 * ```ts
 * try {
 *   createTelemetryStore({ dbPath: "./data/telemetry.db" });
 * } catch (error) {
 *   if (error instanceof RunledgerError && error.code === "OPEN_FAILED") console.error(error.hint);
 * }
 * ```
 */
export class RunledgerError extends Error {
  override readonly name = "RunledgerError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  /** @param message What failed and what was received, as sentences. */
  constructor(code: ErrorCode, message: string, { cause, hint }: RunledgerErrorOptions = {}) {
    super(hint === undefined ? message : `${message} ${hint}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
