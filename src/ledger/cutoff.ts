import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { cutoffText, DAY_MS } from "../record/time";

/**
 * The cutoff of a purge of everything older than `days`; `undefined` when nothing can be that old.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT`
 */
export function cutoffOf(days: number): string | undefined {
  if (typeof days !== "number" || !Number.isFinite(days) || days < 0) {
    throw new RunledgerError(
      "INVALID_ARGUMENT",
      `purgeOlderThan: expected a number of days, 0 or more, received ${describe(days)}.`,
    );
  }
  return cutoffText(Date.now() - days * DAY_MS);
}
