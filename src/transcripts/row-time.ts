import { toEpochMs } from "../record/time";

/** The time of a row, in epoch milliseconds; `undefined` if it has none. */
export function timeOf(value: unknown): number | undefined {
  return typeof value === "string" ? toEpochMs(value) : undefined;
}
