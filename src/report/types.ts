/**
 * What executions can be grouped by, beside their labels; `day`, `week` (ISO, beginning on Monday) and `month` in the filter's time zone;
 * `pr` (`octo-org/octo-repo#42`) and `session` from the executions that were not purged; `ledger`, by its id, only in
 * PostgreSQL, where many can be.
 */
export const GROUP_KEYS = [
  "day",
  "week",
  "month",
  "repo",
  "model",
  "provider",
  "eventType",
  "conclusion",
  "pr",
  "session",
  "ledger",
] as const;
/** By a label: `label:team`. Executions without it are the group `(none)`. */
export type LabelKey = `label:${string}`;
export type GroupKey = (typeof GROUP_KEYS)[number] | LabelKey;

/**
 * A point in time: a `Date`, epoch milliseconds, ISO 8601 text with an offset; `Nh`, `Nd`, `Nw` or `Ny` (so many hours,
 * times 24 hours, times 7 or 365 days ago); or the beginning, in the filter's time zone, of a day (`YYYY-MM-DD`), of a
 * month (`YYYY-MM`), or of `today`, `yesterday`, `this-week`, `last-week`, `this-month`, `last-month`.
 */
export type TimeInput = Date | number | string;

/**
 * A name, exact or as a glob: `*` stands for any text, `?` for one character, `[*]`, `[?]` and `[[]` for the one in the
 * brackets. Or several, any of which will do.
 */
export type NamePattern = string | readonly string[];

/** Which names executions have; without any field, all. */
export interface NameFilter {
  readonly repo?: NamePattern | undefined;
  readonly model?: NamePattern | undefined;
  readonly provider?: NamePattern | undefined;
  readonly eventType?: NamePattern | undefined;
  readonly conclusion?: NamePattern | undefined;
}

/** Which executions; without any field, all. */
export interface ExecutionFilter extends NameFilter {
  /** Which values labels have: `{ team: "core" }`; of several labels, all. `(none)` stands for those without it. */
  readonly labels?: Readonly<Record<string, NamePattern>> | undefined;
  /** Of which pull requests: `octo-org/octo-repo#42`, or globs; `(none)` stands for executions without one. */
  readonly pullRequest?: NamePattern | undefined;
  /** Of which sessions; `(none)` stands for executions without one. */
  readonly session?: NamePattern | undefined;
  /** Of which ledgers, by their ids: only in PostgreSQL, where many can be. */
  readonly ledger?: NamePattern | undefined;
  /** The first instant that counts. */
  readonly since?: TimeInput | undefined;
  /** The first instant that no longer counts. */
  readonly until?: TimeInput | undefined;
  /** Only those that failed: with a conclusion other than `success`, `neutral` or `skipped`. Default `false`. */
  readonly failedOnly?: boolean | undefined;
  /** IANA name, or `local` for the zone of this machine; where days begin. Default `UTC`. */
  readonly timeZone?: string | undefined;
}

/** The question of {@link usageReport}. */
export interface UsageFilter extends ExecutionFilter {
  /** Up to two different keys; default none, which gives the totals alone. */
  readonly by?: readonly GroupKey[] | undefined;
  /** Percentiles over all matching executions instead of the latest {@link PERCENTILE_SAMPLE}. */
  readonly exact?: boolean | undefined;
}

/** Percentiles are taken over so many executions, the latest that match. */
export const PERCENTILE_SAMPLE = 10_000;

/** What some executions used. Sums are over executions that may have been purged since; percentiles are not. */
export type Usage = {
  /** By model, those whose main model it is. */
  executions: number;
  /** By model alone: how many executions used it, as their main model or beside it. */
  usedIn?: number;
  /** Executions that ended in a conclusion other than `success`, `neutral` or `skipped`. */
  failures: number;
  /** From 0 to 1; `null` without executions. */
  failureRate: number | null;
  /** Uncached input; the four token counts are disjoint. */
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheCreationTokens: number;
  /**
   * Of all input (uncached, cache reads, cache writes), the share read from the cache: 0 to 1; `null` without input.
   */
  cacheHitShare: number | null;
  numTurns: number;
  costUsd: number;
  /** The part of `costUsd` that was computed from a price list, not reported by the provider. */
  estimatedCostUsd: number;
  /** The part of `costUsd` that went into executions that failed. */
  failedCostUsd: number;
  /** The share of `costUsd` that went into executions that failed, from 0 to 1; `null` where nothing was spent. */
  failedCostShare: number | null;
  /** All of `costUsd`, failures included, by the executions that did not fail; `null` without any, or without a cost. */
  costPerSuccessUsd: number | null;
  /** Over the executions of which the cost is known, by model those that used it; `null` where it is of none. */
  costPerExecutionUsd: number | null;
  /**
   * Executions of which nobody knows the whole cost: `costUsd` has what is known of it, mostly nothing. By model, those
   * that used it at an unknown cost.
   */
  withoutCost: number;
  /** Executions of which nobody knows all tokens; by model, those of which nobody knows any of that model. */
  withoutUsage: number;
  /** Executions of which nobody knows the duration. */
  withoutDuration: number;
  /** Executions of which nobody knows the number of turns. */
  withoutTurns: number;
  /** Sum, in milliseconds. */
  durationMs: number;
  /** Over the executions of which the duration is known, as the percentiles are; `null` where it is of none. */
  averageDurationMs: number | null;
  p50DurationMs: number | null;
  p95DurationMs: number | null;
  p99DurationMs: number | null;
  /** Over how many executions the percentiles are; 0 when they were purged, or are none of the latest. */
  durationSample: number;
};

/** A row of a report: its keys, and what it used. */
export type UsageGroup = { [Key in GroupKey]?: string } & Usage & {
    /** By day alone: it cost more than 3 times the median of the same weekdays of the 8 weeks before. */
    unusual?: true;
  };

/** What {@link usageReport} answers; ready for JSON. */
export interface UsageReport {
  readonly schema: "runledger.report/1";
  /** The ledger's location. */
  readonly ledger: string;
  /** When the report was made, ISO 8601. */
  readonly generatedAt: string;
  /** What was asked; instants as ISO 8601, `null` where nothing was said. Of several names, an array. */
  readonly filter: {
    readonly since: string | null;
    readonly until: string | null;
    readonly repo: NamePattern | null;
    readonly model: NamePattern | null;
    readonly provider: NamePattern | null;
    readonly eventType: NamePattern | null;
    readonly conclusion: NamePattern | null;
    readonly labels: Readonly<Record<string, NamePattern>> | null;
    readonly pullRequest: NamePattern | null;
    readonly session: NamePattern | null;
    readonly ledger: NamePattern | null;
    readonly failedOnly: boolean;
    readonly timeZone: string;
  };
  /** Whether percentiles are over all matching executions. */
  readonly exact: boolean;
  /** Executions before this instant may have been purged; their sums are still in here. ISO 8601, or `null`. */
  readonly purgedBefore: string | null;
  readonly by: readonly GroupKey[];
  readonly totals: Usage;
  /** Times ascending; otherwise by cost, the highest first. */
  readonly groups: readonly UsageGroup[];
  /** By two keys alone: the groups by each one of them. */
  readonly subtotals?: { readonly [Key in GroupKey]?: readonly UsageGroup[] };
  /** What a reader should know, as sentences: what was purged, what is missing. */
  readonly notes: readonly string[];
}
