import { formatCount, formatDuration, formatShare, formatUsd } from "../../report/format/values";
import type { Usage } from "../../report/types";

// The figures of the overview, each with what is unknown about it, and with its comparison with the previous period.

export const UNKNOWN = "–";

export function money(value: number): string {
  return value < 0 ? `−$${formatUsd(-value)}` : `$${formatUsd(value)}`;
}

/** How a chart's values are written, and where its axis may be divided. */
export interface Unit {
  readonly format: (value: number) => string;
  /** Shorter, for the axis. */
  readonly axis: (value: number) => string;
  readonly steps?: readonly number[];
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const decades = (from: number) =>
  Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((step) => step * from * 10 ** power)).flat();

export const MONEY: Unit = {
  format: money,
  axis: (value) => {
    if (value >= 10_000) return `$${compact(value)}`;
    if (Number.isInteger(value)) return `$${formatCount(value)}`;
    return value >= 0.01 ? `$${value.toFixed(2)}` : money(value);
  },
};
export const COUNT: Unit = { format: formatCount, axis: compact, steps: decades(1) };
export const DURATION: Unit = {
  format: formatDuration,
  axis: (value) => {
    if (value >= HOUR_MS) return `${value / HOUR_MS} h`;
    if (value >= MINUTE_MS) return `${value / MINUTE_MS} min`;
    return value >= SECOND_MS ? `${value / SECOND_MS} s` : value === 0 ? "0" : `${value} ms`;
  },
  steps: [
    ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
    ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND_MS),
    ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
    ...decades(HOUR_MS),
  ],
};

/** As money, with its sign. */
export function difference(value: number): string {
  return value > 0 ? `+${money(value)}` : money(value);
}

export function orUnknown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? UNKNOWN : format(value);
}

/** A count in full while it is short enough; from a billion on in three digits. */
export function short(value: number): string {
  return value < 1e9 ? formatCount(value) : compact(value);
}

/** A large count in three digits: `2.22 B`. */
export function compact(value: number): string {
  if (value < 10_000) return formatCount(value);
  const units = ["k", "M", "B", "T"];
  let scaled = value;
  let unit = -1;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1_000;
    unit += 1;
  }
  return `${scaled.toFixed(scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0)} ${units[unit]}`;
}

/** One figure of a card. */
export interface Figure {
  readonly name: string;
  /** The report field that it shows. */
  readonly field: keyof Usage;
  readonly format: (value: number) => string;
  /** How it differs from the previous period: as a share of that, or in percentage points. */
  readonly compare: "share" | "points";
  /** What it doesn't include, if anything. */
  readonly caveats: (usage: Usage) => readonly (string | false)[];
}

const count = (value: number, what: string) => value > 0 && `${formatCount(value)} ${what}`;

export const FIGURES: readonly Figure[] = [
  {
    name: "Cost",
    field: "costUsd",
    format: money,
    compare: "share",
    caveats: ({ withoutCost, estimatedCostUsd }) => [
      count(withoutCost, "without a cost"),
      estimatedCostUsd > 0 && `${money(estimatedCostUsd)} estimated`,
    ],
  },
  {
    name: "Cost per success",
    field: "costPerSuccessUsd",
    format: money,
    compare: "share",
    caveats: ({ failedCostUsd }) => [failedCostUsd > 0 && `${money(failedCostUsd)} went into failures`],
  },
  {
    name: "Executions",
    field: "executions",
    format: formatCount,
    compare: "share",
    caveats: ({ failures }) => [count(failures, "failed")],
  },
  {
    name: "Failure rate",
    field: "failureRate",
    format: formatShare,
    compare: "points",
    caveats: ({ failures, executions }) => [`${formatCount(failures)} of ${formatCount(executions)}`],
  },
  {
    name: "Cache hits",
    field: "cacheHitShare",
    format: formatShare,
    compare: "points",
    caveats: ({ withoutUsage }) => ["of all input tokens", count(withoutUsage, "without tokens")],
  },
  {
    name: "Duration, p95",
    field: "p95DurationMs",
    format: formatDuration,
    compare: "share",
    caveats: ({ durationSample, withoutDuration }) => [
      durationSample > 0 && `of ${formatCount(durationSample)}`,
      count(withoutDuration, "unknown"),
    ],
  },
];

/** The four classes of tokens: they are disjoint, and are never shown as one sum. */
export const TOKEN_FIGURES = [
  { name: "input", field: "inputTokens" },
  { name: "output", field: "outputTokens" },
  { name: "cache read", field: "cacheReadTokens" },
  { name: "cache write", field: "cacheCreationTokens" },
] as const satisfies readonly { name: string; field: keyof Usage }[];

/** The value of a figure; unknown if no execution has it. */
export function knownValue({ field }: Pick<Figure, "field">, usage: Usage): number | null {
  const value = usage[field] ?? null;
  const { executions, withoutCost, withoutUsage, costUsd } = usage;
  if (field === "costUsd" && costUsd === 0 && executions > 0 && withoutCost === executions) return null;
  if (field.endsWith("Tokens") && value === 0 && executions > 0 && withoutUsage === executions) return null;
  return value;
}

/** How a figure differs from the previous one: `▲ 12.3 %`; `undefined` if there is nothing to compare. */
export function changeOf(
  { compare }: Pick<Figure, "compare">,
  now: number | null,
  before: number | null | undefined,
): string | undefined {
  if (now === null || before === null || before === undefined) return undefined;
  const change = compare === "points" ? now - before : before === 0 ? Number.NaN : (now - before) / before;
  if (Number.isNaN(change)) return undefined;
  const rounded = Math.abs(change * 100);
  const text =
    rounded >= 1_000
      ? `× ${(change + 1).toFixed(0)}`
      : `${rounded.toFixed(1)} ${compare === "points" ? "points" : "%"}`;
  if (rounded < 0.05) return "as before";
  return `${change > 0 ? "▲" : "▼"} ${text}`;
}

/** An instant to the minute; only the date if a day begins then. */
export function minuteOf(iso: string): string {
  return iso.slice(0, 16).replace("T00:00", "").replace("T", " ");
}
