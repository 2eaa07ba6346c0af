import { DAY_MS, LATEST_MS } from "../record/time";
import type { Span } from "./conditions";

/** Where to read the usage of a span of time. */
export interface UsagePlan {
  /** What is counted of the span: not the part of a purged day at its beginning. */
  readonly counted: Span;
  /** Whole UTC days whose sums are read; possibly none. */
  readonly days: Span;
  /** Times in which each execution is read. */
  readonly rows: readonly Span[];
  /** Whether executions of the span may have been purged. */
  readonly isPurged: boolean;
  /** The beginning of a purged day of which the span has only the end: none of it is counted. */
  readonly leftOutDayMs?: number;
  /** The beginning of a purged day in which the span ends: all of it is counted. */
  readonly wholeDayMs?: number;
}

/** What can be read. */
export interface UsageSources {
  /** Whether there are daily sums. */
  readonly hasRollups: boolean;
  /** Executions before this may have been purged. */
  readonly purgedBeforeMs: number | undefined;
  /** Whether the question has days other than UTC days. */
  readonly needsOtherDays: boolean;
}

/**
 * Plans how to read the usage of a span, so that nothing is counted twice. Whole UTC days are read from their sums, the
 * parts at either end from the executions.
 *
 * Of purged days only the whole is known. Each counts in the span where it begins, so that adjacent spans together
 * count it once; they may count twice what completed after the purge on its last day.
 */
export function planUsage(
  span: Span,
  { hasRollups, purgedBeforeMs = Number.NEGATIVE_INFINITY, needsOtherDays }: UsageSources,
): UsagePlan {
  if (!hasRollups) return { counted: span, days: NO_DAYS, rows: [span], isPurged: false };
  const { fromMs, toMs } = span;
  const isPurged = fromMs < purgedBeforeMs;
  // From here on every execution is there.
  const completeFromMs = isPurged ? ceilDay(purgedBeforeMs) : Number.NEGATIVE_INFINITY;
  const purgedToMs = Math.min(ceilDay(toMs), completeFromMs);
  const days = {
    fromMs: ceilDay(fromMs),
    toMs: needsOtherDays ? purgedToMs : Math.max(floorDay(toMs), purgedToMs),
  };
  const rows = isEmpty(days)
    ? [{ fromMs: Math.max(fromMs, completeFromMs), toMs }]
    : [
        { fromMs, toMs: isPurged ? fromMs : days.fromMs },
        { fromMs: days.toMs, toMs },
      ];
  return {
    counted: { fromMs: isPurged ? days.fromMs : fromMs, toMs },
    days: isEmpty(days) ? NO_DAYS : days,
    rows: rows.filter((part) => !isEmpty(part)),
    isPurged,
    ...(isPurged && fromMs < days.fromMs && { leftOutDayMs: floorDay(fromMs) }),
    ...(!isEmpty(days) && toMs < days.toMs && { wholeDayMs: floorDay(toMs) }),
  };
}

const NO_DAYS: Span = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };

export function isEmpty({ fromMs, toMs }: Span): boolean {
  return fromMs >= toMs;
}

function ceilDay(epochMs: number): number {
  const dayMs = Math.ceil(epochMs / DAY_MS) * DAY_MS;
  // The ledger has no days after its last one.
  return dayMs > LATEST_MS ? Number.POSITIVE_INFINITY : dayMs;
}

function floorDay(epochMs: number): number {
  return Math.floor(epochMs / DAY_MS) * DAY_MS;
}
