import type { Usage } from "./types";

/** The parts of {@link Usage} that add up. */
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
  // For one model. Across several, an execution that used more than one of them counts more than once.
  usedIn?: number;
  usedWithoutUsage?: number;
  usedWithoutCost?: number;
};

/** Sums of fractions depend on the order of addition: a remainder as small as this is zero. */
const TOLERANCE = 1e-11;

/** Adds up usage. */
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

  /** @param isByModel Whether everything that is added belongs to one model. */
  constructor(isByModel = false) {
    this.#isByModel = isByModel;
  }

  /** Sums that were not asked for are missing. */
  add(sums: Readonly<Partial<UsageSums>>): void {
    const total = this.#sums;
    total.executions += sums.executions ?? 0;
    total.failures += sums.failures ?? 0;
    total.inputTokens += sums.inputTokens ?? 0;
    total.outputTokens += sums.outputTokens ?? 0;
    total.cacheReadTokens += sums.cacheReadTokens ?? 0;
    total.cacheCreationTokens += sums.cacheCreationTokens ?? 0;
    total.numTurns += sums.numTurns ?? 0;
    total.costUsd += sums.costUsd ?? 0;
    total.failedCostUsd += sums.failedCostUsd ?? 0;
    total.estimatedCostUsd += sums.estimatedCostUsd ?? 0;
    total.withoutCost += sums.withoutCost ?? 0;
    total.withoutUsage += sums.withoutUsage ?? 0;
    total.withoutDuration += sums.withoutDuration ?? 0;
    total.withoutTurns += sums.withoutTurns ?? 0;
    total.durationMs += sums.durationMs ?? 0;
    total.usedIn += sums.usedIn ?? 0;
    total.usedWithoutUsage += sums.usedWithoutUsage ?? sums.withoutUsage ?? 0;
    total.usedWithoutCost += sums.usedWithoutCost ?? sums.withoutCost ?? 0;
  }

  /** What this tally has more than another, which is a part of it. */
  less(other: UsageTally = new UsageTally()): UsageSums {
    const sums = { ...this.#sums };
    for (const name of Object.keys(sums) as (keyof UsageSums)[]) sums[name] -= other.#sums[name];
    for (const name of ["costUsd", "failedCostUsd", "estimatedCostUsd"] as const) {
      if (Math.abs(sums[name]) <= TOLERANCE * this.#sums.costUsd) sums[name] = 0;
    }
    return { ...sums, usedIn: sums.executions };
  }

  get executions(): number {
    return this.#sums.executions;
  }

  /** How many uses of a model are not as the execution's main model. */
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

/** The smallest value that a given percentage of all values don't exceed. */
function nearestRank(sorted: Float64Array, percent: number): number | null {
  return sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null;
}
