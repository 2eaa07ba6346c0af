import type { Usage } from "./types";

/** What of {@link Usage} adds up. */
export type UsageSums = Pick<
  Usage,
  | "executions"
  | "failures"
  | "inputTokens"
  | "outputTokens"
  | "cacheReadTokens"
  | "cacheCreationTokens"
  | "numTurns"
  | "costUsd"
  | "failedCostUsd"
  | "estimatedCostUsd"
  | "withoutCost"
  | "withoutUsage"
  | "withoutDuration"
  | "withoutTurns"
  | "durationMs"
> & {
  // Of one model; of several, executions that used more than one of them count more than once.
  usedIn?: number;
  usedWithoutUsage?: number;
  usedWithoutCost?: number;
};

/** Adds usage up. */
export class UsageTally {
  readonly #durationsMs: number[] = [];
  readonly #isByModel: boolean;
  readonly #sums: Required<UsageSums> = {
    executions: 0,
    failures: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
    numTurns: 0,
    costUsd: 0,
    failedCostUsd: 0,
    estimatedCostUsd: 0,
    withoutCost: 0,
    withoutUsage: 0,
    withoutDuration: 0,
    withoutTurns: 0,
    durationMs: 0,
    usedIn: 0,
    usedWithoutUsage: 0,
    usedWithoutCost: 0,
  };

  /** @param isByModel Whether all that is added is of one model. */
  constructor(isByModel = false) {
    this.#isByModel = isByModel;
  }

  add(sums: Readonly<UsageSums>): void {
    const total = this.#sums;
    total.executions += sums.executions;
    total.failures += sums.failures;
    total.inputTokens += sums.inputTokens;
    total.outputTokens += sums.outputTokens;
    total.cacheReadTokens += sums.cacheReadTokens;
    total.cacheCreationTokens += sums.cacheCreationTokens;
    total.numTurns += sums.numTurns;
    total.costUsd += sums.costUsd;
    total.failedCostUsd += sums.failedCostUsd;
    total.estimatedCostUsd += sums.estimatedCostUsd;
    total.withoutCost += sums.withoutCost;
    total.withoutUsage += sums.withoutUsage;
    total.withoutDuration += sums.withoutDuration;
    total.withoutTurns += sums.withoutTurns;
    total.durationMs += sums.durationMs;
    total.usedIn += sums.usedIn ?? 0;
    total.usedWithoutUsage += sums.usedWithoutUsage ?? sums.withoutUsage;
    total.usedWithoutCost += sums.usedWithoutCost ?? sums.withoutCost;
  }

  get executions(): number {
    return this.#sums.executions;
  }

  /** How many uses of a model are not of the execution's main model. */
  get usedBeside(): number {
    return this.#sums.usedIn - this.#sums.executions;
  }

  /** Adds the duration of one of the executions, for the percentiles; 0 is unknown. */
  addDuration(durationMs: number): void {
    if (durationMs !== 0) this.#durationsMs.push(durationMs);
  }

  get usage(): Usage {
    const sums = this.#sums;
    const { executions, failures, inputTokens, cacheReadTokens, cacheCreationTokens, costUsd, durationMs } =
      sums;
    const input = inputTokens + cacheReadTokens + cacheCreationTokens;
    const [runs, withoutUsage, withoutCost] = this.#isByModel
      ? [sums.usedIn, sums.usedWithoutUsage, sums.usedWithoutCost]
      : [executions, sums.withoutUsage, sums.withoutCost];
    const durations = Float64Array.from(this.#durationsMs).sort();
    return {
      executions,
      ...(this.#isByModel && { usedIn: runs }),
      failures,
      failureRate: ratio(failures, executions),
      inputTokens,
      outputTokens: sums.outputTokens,
      cacheReadTokens,
      cacheCreationTokens,
      cacheHitShare: ratio(cacheReadTokens, input),
      numTurns: sums.numTurns,
      costUsd,
      estimatedCostUsd: sums.estimatedCostUsd,
      failedCostUsd: sums.failedCostUsd,
      failedCostShare: ratio(sums.failedCostUsd, costUsd),
      costPerSuccessUsd: runs === withoutCost && costUsd === 0 ? null : ratio(costUsd, executions - failures),
      costPerExecutionUsd: ratio(costUsd, runs - withoutCost),
      withoutCost,
      withoutUsage,
      withoutDuration: sums.withoutDuration,
      withoutTurns: sums.withoutTurns,
      durationMs,
      averageDurationMs: ratio(durationMs, executions - sums.withoutDuration),
      p50DurationMs: nearestRank(durations, 50),
      p95DurationMs: nearestRank(durations, 95),
      p99DurationMs: nearestRank(durations, 99),
      durationSample: durations.length,
    };
  }
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** The smallest value that so many percent of all values don't exceed. */
function nearestRank(sorted: Float64Array, percent: number): number | null {
  return sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null;
}
