import type { Forecast } from "../forecast";
import type { Usage } from "../types";
import { areTurnsKnown, cost, duration, orUnknown, tokenCount, UNKNOWN } from "./columns";
import { tokensOf } from "./groups";
import { formatCount, formatShare, formatUsd } from "./values";

/** One line of a summary: its subject, the figure, and remarks. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  readonly details: readonly string[];
}

/** What a summary says about its totals. */
export function factsOf(totals: Usage): readonly Fact[] {
  return [costFact(totals), executionsFact(totals), tokensFact(totals), durationFact(totals)];
}

/** What the month has cost, and will have cost. */
export function forecastFact({ month, spentUsd, expectedUsd, lowUsd, highUsd }: Forecast): Fact {
  const isKnown = expectedUsd !== null && lowUsd !== null && highUsd !== null;
  const details = isKnown
    ? [
        "so far",
        `${formatUsd(expectedUsd)} expected at its end`,
        `${formatUsd(lowUsd)} to ${formatUsd(highUsd)}`,
      ]
    : ["so far", "too little is known to expect anything"];
  return { label: month, value: formatUsd(spentUsd), details };
}

/** Caveats that the totals don't show themselves. */
export function caveatsOf(totals: Usage): readonly string[] {
  const sample = sampleOf(totals);
  const percentiles = sample === undefined ? [] : [`percentiles: ${sample}`];
  return [...costCaveats(totals), ...usageCaveats(totals), ...percentiles];
}

/** Which executions the percentiles are computed from, if not all: `latest 10,000`. */
export function sampleOf({ durationSample, executions, withoutDuration }: Usage): string | undefined {
  return durationSample === 0 || durationSample >= executions - withoutDuration
    ? undefined
    : `latest ${formatCount(durationSample)}`;
}

function costFact(totals: Usage): Fact {
  const each = cost(totals, totals.costPerExecutionUsd);
  const details = [
    ...(each === UNKNOWN ? [] : [`${each} per execution`]),
    ...wasteIn(totals),
    ...costCaveats(totals),
  ];
  return { label: "Cost USD", value: cost(totals, totals.costUsd), details };
}

/** What failures cost, unless nothing or everything failed. */
function wasteIn({ failures, executions, failedCostUsd, failedCostShare }: Usage): readonly string[] {
  if (failedCostUsd === 0 || failures === executions) return [];
  return [`${orUnknown(failedCostShare, formatShare)} on failures`];
}

function executionsFact(totals: Usage): Fact {
  const { executions, failures, failureRate } = totals;
  const failed = `${formatCount(failures)} failed (${orUnknown(failureRate, formatShare)})`;
  return {
    label: "Executions",
    value: formatCount(executions),
    details: [failed, ...(areTurnsKnown(totals) ? [`${formatCount(totals.numTurns)} turns`] : [])],
  };
}

function tokensFact(totals: Usage): Fact {
  const value = tokenCount(totals, tokensOf(totals));
  const kinds = [
    `${formatCount(totals.inputTokens)} input`,
    `${formatCount(totals.outputTokens)} output`,
    `${formatCount(totals.cacheReadTokens)} cache read`,
    `${formatCount(totals.cacheCreationTokens)} cache write`,
    `cache hits ${orUnknown(totals.cacheHitShare, formatShare)}`,
  ];
  return { label: "Tokens", value, details: [...(value === UNKNOWN ? [] : kinds), ...usageCaveats(totals)] };
}

function durationFact(totals: Usage): Fact {
  const value = duration(totals.averageDurationMs);
  const sample = sampleOf(totals);
  const percentiles = [
    `p50 ${duration(totals.p50DurationMs)}`,
    `p95 ${duration(totals.p95DurationMs)}`,
    `p99 ${duration(totals.p99DurationMs)}${sample === undefined ? "" : ` (${sample})`}`,
  ];
  return {
    label: "Duration",
    value,
    details: value === UNKNOWN ? ["not recorded"] : [averageOver(totals), ...percentiles],
  };
}

function averageOver({ executions, withoutDuration }: Usage): string {
  return withoutDuration === 0 ? "average" : `average over ${formatCount(executions - withoutDuration)}`;
}

function costCaveats({ estimatedCostUsd, withoutCost }: Usage): readonly string[] {
  return [
    ...(estimatedCostUsd > 0 ? [`${formatUsd(estimatedCostUsd)} estimated`] : []),
    ...(withoutCost > 0 ? [`${formatCount(withoutCost)} without cost`] : []),
  ];
}

function usageCaveats({ withoutUsage }: Usage): readonly string[] {
  return withoutUsage > 0 ? [`${formatCount(withoutUsage)} without usage`] : [];
}
