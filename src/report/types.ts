/**
 * What executions can be grouped by, besides their labels. `day`, `week` (ISO, beginning on Monday) and `month` are in
 * the filter's time zone. `pr` (`octo-org/octo-repo#42`) and `session` are read from the executions that were not
 * purged. `ledger`, by its id, is only for PostgreSQL, which can have several.
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
/** A label as a key: `label:team`. Executions without it are in the group `(none)`. */
export type LabelKey = `label:${string}`;
export type GroupKey = (typeof GROUP_KEYS)[number] | LabelKey;

/**
 * A point in time: a `Date`, epoch milliseconds, ISO 8601 text with an offset; `Nh`, `Nd`, `Nw` or `Ny` (N hours, N ×
 * 24 hours, N × 7 days or N × 365 days ago); or the beginning, in the filter's time zone, of a day (`YYYY-MM-DD`), of a
 * month (`YYYY-MM`), or of `today`, `yesterday`, `this-week`, `last-week`, `this-month`, `last-month`.
 */
export type TimeInput = Date | number | string;

/**
 * A name, exact or as a glob: `*` stands for any text, `?` for one character, `[*]`, `[?]` and `[[]` for the character
 * in the brackets. Or several of these, any of which may match.
 */
export type NamePattern = string | readonly string[];

/** Which names executions must have; without any field, all match. */
export interface NameFilter {
  readonly repo?: NamePattern | undefined;
  readonly model?: NamePattern | undefined;
  readonly provider?: NamePattern | undefined;
  readonly eventType?: NamePattern | undefined;
  readonly conclusion?: NamePattern | undefined;
}

/** Which executions; without any field, all. */
export interface ExecutionFilter extends NameFilter {
  /**
   * Values of labels: `{ team: "core" }`. If there are several labels, all must match. `(none)` matches executions
   * without the label.
   */
  readonly labels?: Readonly<Record<string, NamePattern>> | undefined;
  /** Pull requests: `octo-org/octo-repo#42`, or globs; `(none)` matches executions without one. */
  readonly pullRequest?: NamePattern | undefined;
  /** Sessions; `(none)` matches executions without one. */
  readonly session?: NamePattern | undefined;
  /** Ledgers by their ids: only in PostgreSQL, which can have several. */
  readonly ledger?: NamePattern | undefined;
  /** The first instant that counts. */
  readonly since?: TimeInput | undefined;
  /** The first instant that no longer counts. */
  readonly until?: TimeInput | undefined;
  /** Only failures: conclusions other than `success`, `neutral` or `skipped`. Default `false`. */
  readonly failedOnly?: boolean | undefined;
  /** The zone in which days begin: an IANA name, or `local` for this machine's. Default `UTC`. */
  readonly timeZone?: string | undefined;
}

/** The question of {@link usageReport}. */
export interface UsageFilter extends ExecutionFilter {
  /** Up to two different keys; default none, which gives only the totals. */
  readonly by?: readonly GroupKey[] | undefined;
  /** Percentiles over all matching executions instead of the latest {@link PERCENTILE_SAMPLE}. */
  readonly exact?: boolean | undefined;
}

/** Percentiles are computed from this many matching executions, the latest ones. */
export const PERCENTILE_SAMPLE = 10_000;

/** What some executions used. Sums include executions that were purged since; percentiles don't. */
export type Usage = {
  /** By model, the executions whose main model it is. */
  executions: number;
  /** Only by model: how many executions used it, as their main model or as another one. */
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
   * The share of all input (uncached, cache reads, cache writes) that was read from the cache: 0 to 1; `null` without
   * input.
   */
  cacheHitShare: number | null;
  numTurns: number;
  costUsd: number;
  /** The part of `costUsd` that was computed from a price list, not reported by the provider. */
  estimatedCostUsd: number;
  /** The part of `costUsd` that went into executions that failed. */
  failedCostUsd: number;
  /** The share of `costUsd` that went into executions that failed, from 0 to 1; `null` if nothing was spent. */
  failedCostShare: number | null;
  /**
   * All of `costUsd`, failures included, divided by the number of executions that did not fail; `null` without any, or
   * without a cost.
   */
  costPerSuccessUsd: number | null;
  /**
   * `costUsd` divided by the number of executions whose cost is known; by model, of those that used it. `null` if there
   * is none.
   */
  costPerExecutionUsd: number | null;
  /**
   * Executions whose cost is unknown, in whole or in part: `costUsd` has only the known part, usually nothing. By
   * model, those that used it at an unknown cost.
   */
  withoutCost: number;
  /**
   * Executions whose token counts are unknown, in whole or in part; by model, those in which this model's counts are
   * unknown.
   */
  withoutUsage: number;
  /** Executions whose duration is unknown. */
  withoutDuration: number;
  /** Executions whose number of turns is unknown. */
  withoutTurns: number;
  /** Sum, in milliseconds. */
  durationMs: number;
  /** The average over executions whose duration is known, like the percentiles; `null` if there is none. */
  averageDurationMs: number | null;
  p50DurationMs: number | null;
  p95DurationMs: number | null;
  p99DurationMs: number | null;
  /** How many executions the percentiles are computed from; 0 if they were purged, or none is among the latest. */
  durationSample: number;
};

/** A row of a report: its keys, and what it used. */
export type UsageGroup = { [Key in GroupKey]?: string } & Usage & {
    /** Only by day: it cost more than 3 times the median of the same weekdays of the 8 weeks before. */
    unusual?: true;
  };

/** What {@link usageReport} answers; ready for JSON. */
export interface UsageReport {
  readonly schema: "runledger.report/1";
  /** The ledger's location. */
  readonly ledger: string;
  /** When the report was made, ISO 8601. */
  readonly generatedAt: string;
  /** What was asked for; instants as ISO 8601, `null` for what was not given, an array for several names. */
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
  /** Executions before this instant may have been purged; the sums still include them. ISO 8601, or `null`. */
  readonly purgedBefore: string | null;
  readonly by: readonly GroupKey[];
  readonly totals: Usage;
  /** Times ascending; otherwise by cost, the highest first. */
  readonly groups: readonly UsageGroup[];
  /** Only with two keys: the groups by each one of them. */
  readonly subtotals?: { readonly [Key in GroupKey]?: readonly UsageGroup[] };
  /** What a reader should know, as sentences: what was purged, what is missing. */
  readonly notes: readonly string[];
}
