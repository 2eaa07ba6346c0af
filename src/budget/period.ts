import { DAY_MS } from "../record/time";
import { resolveTime } from "../report/time-input";
import { endOfDay } from "../report/time-zone";
import type { PeriodLength } from "./types";

/** A period of a budget, half-open. */
export interface Period {
  readonly startMs: number;
  readonly endMs: number;
  /** The same as ISO 8601; `null` if there is no such bound. */
  readonly since: string | null;
  readonly until: string | null;
}

/** For a budget per execution, which has no period. */
const ALWAYS: Period = {
  startMs: Number.NEGATIVE_INFINITY,
  endMs: Number.POSITIVE_INFINITY,
  since: null,
  until: null,
};

/** The period that contains an instant: a day, a week or a month, as in reports. */
export function periodAt(per: PeriodLength, timeZone: string, nowMs: number): Period {
  if (per === "execution") return ALWAYS;
  const startMs = startOf(per, timeZone, nowMs) ?? ALWAYS.startMs;
  const endMs = endOf(per, timeZone, startMs, nowMs) ?? ALWAYS.endMs;
  return { startMs, endMs, since: toIso(startMs), until: toIso(endMs) };
}

const NAMES = { day: "today", week: "this-week", month: "this-month" } as const;
/** This many days after its beginning, every week or month is over, and the next one is not. */
const DAYS_TO_NEXT = { week: 10, month: 45 } as const;

function startOf(per: keyof typeof NAMES, timeZone: string, atMs: number): number | undefined {
  return resolveTime(NAMES[per], timeZone, atMs);
}

function endOf(
  per: keyof typeof NAMES,
  timeZone: string,
  startMs: number,
  nowMs: number,
): number | undefined {
  if (per === "day") return endOfDay(timeZone, nowMs);
  return startOf(per, timeZone, startMs + DAYS_TO_NEXT[per] * DAY_MS);
}

function toIso(epochMs: number): string | null {
  return Number.isFinite(epochMs) ? new Date(epochMs).toISOString() : null;
}
