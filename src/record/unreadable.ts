import { messageOf } from "../describe";
import { RunledgerError } from "../errors";

/** The error for a record whose getter or proxy threw while its fields were read. */
export function unreadable(cause: unknown, name = "record"): RunledgerError {
  return new RunledgerError("INVALID_RECORD", `Invalid ${name}: it can't be read: ${messageOf(cause)}.`, {
    cause,
  });
}
