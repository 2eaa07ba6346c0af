import type { ExecutionModelRow, ExecutionRow } from "../../src/ledger/schema";
import { isFailure } from "../../src/record/failure";
import { DAY_MS } from "../../src/record/time";
import { type GroupKey, PERCENTILE_SAMPLE, type Usage, type UsageGroup } from "../../src/report/types";

/** An execution, whether or not its row is still there. */
export interface Recorded {
  readonly row: ExecutionRow;
  readonly isPurged: boolean;
}

/** The question, with times in epoch milliseconds. `purgedBeforeMs` is the ledger's. */
export interface PlainQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly timeZone: string;
  readonly purgedBeforeMs: number;
  readonly by: readonly GroupKey[];
  readonly hasNames: (row: ExecutionRow) => boolean;
  /** Whether the question filters by names, and by which labels. */
  readonly isNamed: boolean;
  readonly labels: readonly string[];
  /** Whether a pull request or a session is asked for. */
  readonly isOfRows?: boolean;
}

/**
 * A report by the simplest means: a loop over every execution ever recorded, and the calendar of `Intl`. If the
 * question reaches back before a purge, the UTC days before it count as a whole, at the time when they begin.
 */
export function plainReport(recorded: readonly Recorded[], question: PlainQuestion): UsageGroup[] {
  const { fromMs, toMs, timeZone, purgedBeforeMs, by, hasNames } = question;
  const completeFromMs = fromMs < purgedBeforeMs ? ceilDay(purgedBeforeMs) : Number.NEGATIVE_INFINITY;
  const sampleFromMs = fromMs < completeFromMs && !isOfRows(question, []) ? ceilDay(fromMs) : fromMs;
  const groups = new Map<string, { keys: { [Key in GroupKey]?: string }; members: Member[] }>();
  for (const { row, isPurged } of recorded) {
    const ms = Date.parse(`${row.created_at.replace(" ", "T")}Z`);
    const needsRow = isOfRows(question, by);
    if (needsRow && isPurged) continue;
    const isOfWholeDay = !needsRow && ms < completeFromMs;
    const countsAtMs = isOfWholeDay ? floorDay(ms) : ms;
    if (countsAtMs < fromMs || countsAtMs >= toMs) continue;
    const day = isOfWholeDay ? row.created_at.slice(0, 10) : dayIn(timeZone, ms);
    for (const part of partsOf(row)) {
      if (!hasNames(part.row)) continue;
      const keys = Object.fromEntries(by.map((key) => [key, keyOf(key, part.row, day)]));
      const id = JSON.stringify(keys);
      const group = groups.get(id) ?? { keys, members: [] as Member[] };
      group.members.push({
        ...part,
        isInSample: part.isMain && !isPurged && ms >= sampleFromMs && ms < toMs,
      });
      groups.set(id, group);
    }
  }
  if (by.length === 0 && groups.size === 0) return [usageOf([])];
  return Array.from(groups.values(), ({ keys, members }) => ({
    ...keys,
    ...usageOf(members, by.includes("model")),
  }));
}

/** Whether it needs rows: no sum has pull requests or sessions, or a label together with a name or another label. */
function isOfRows({ isNamed, labels, isOfRows = false }: PlainQuestion, by: readonly GroupKey[]): boolean {
  const ofLabels = by.filter((key) => key.startsWith("label:"));
  const different = new Set([...labels.map((label) => `label:${label}`), ...ofLabels]);
  const others = by.filter((key) => !["day", "week", "month"].includes(key) && !ofLabels.includes(key));
  if (isOfRows || others.includes("pr") || others.includes("session")) return true;
  return different.size > 1 || (different.size === 1 && (isNamed || others.length > 0));
}

/** The value of a label of an execution. */
export function labelValue(row: ExecutionRow, label: string): string | undefined {
  return JSON.parse(row.labels ?? "{}")[label];
}

/** An execution split into its models. What is counted once per execution is with the main model. */
function partsOf(row: ExecutionRow): Omit<Member, "isInSample">[] {
  const isWithoutCost = row.cost_source === "unknown";
  const isWithoutUsage = row.usage_source === "unknown";
  if (row.models === undefined)
    return [{ row, isMain: true, estimatedUsd: estimatedOf(row), isWithoutCost, isWithoutUsage }];
  return row.models.map((used) => ({
    row: {
      ...row,
      provider: used.provider,
      model: used.model,
      input_tokens: used.input_tokens ?? 0,
      output_tokens: used.output_tokens ?? 0,
      cache_read_tokens: used.cache_read_tokens ?? 0,
      cache_creation_tokens: used.cache_creation_tokens ?? 0,
      cost_usd: used.cost_usd ?? 0,
    },
    isMain: used.model === row.model && used.provider === row.provider,
    estimatedUsd: estimatedOf(used),
    isWithoutCost: used.cost_usd === null,
    isWithoutUsage:
      used.input_tokens === null &&
      used.output_tokens === null &&
      used.cache_read_tokens === null &&
      used.cache_creation_tokens === null,
  }));
}

function estimatedOf({ cost_source, cost_usd }: Pick<ExecutionModelRow, "cost_source" | "cost_usd">): number {
  return cost_source === "estimated" ? (cost_usd ?? 0) : 0;
}

interface Member {
  readonly row: ExecutionRow;
  readonly isMain: boolean;
  readonly estimatedUsd: number;
  readonly isWithoutCost: boolean;
  readonly isWithoutUsage: boolean;
  readonly isInSample: boolean;
}

/** The usage of a group. It is only right for fewer executions than fit in a sample. */
function usageOf(members: readonly Member[], isByModel = false): Usage {
  if (members.length > PERCENTILE_SAMPLE) throw new Error("Too many for a plain scan.");
  const rows = members.map(({ row }) => row);
  const sum = (read: (row: ExecutionRow) => number) => rows.reduce((total, row) => total + read(row), 0);
  const executions = members.filter(({ isMain }) => isMain).map(({ row }) => row);
  const count = (isCounted: (row: ExecutionRow) => boolean) => executions.filter(isCounted).length;
  const sumOfExecutions = (read: (row: ExecutionRow) => number) =>
    executions.reduce((total, row) => total + read(row), 0);
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  const durations = members
    .filter(({ isInSample }) => isInSample)
    .map(({ row }) => row.duration_ms)
    .filter((durationMs) => durationMs > 0)
    .sort((a, b) => a - b);
  const percentile = (percent: number) =>
    durations.find((_, index) => (index + 1) * 100 >= percent * durations.length) ?? null;
  const failures = count(({ conclusion }) => isFailure(conclusion));
  const inputTokens = sum((row) => row.input_tokens);
  const cacheReadTokens = sum((row) => row.cache_read_tokens);
  const cacheCreationTokens = sum((row) => row.cache_creation_tokens);
  const costUsd = sum((row) => row.cost_usd);
  const durationMs = sumOfExecutions((row) => row.duration_ms);
  const withoutCost = isByModel
    ? members.filter((member) => member.isWithoutCost).length
    : count(({ cost_source }) => cost_source === "unknown");
  const uses = isByModel ? rows.length : executions.length;
  const failedCostUsd = sum((row) => (isFailure(row.conclusion) ? row.cost_usd : 0));
  const withoutDuration = count(({ duration_ms }) => duration_ms === 0);
  return {
    executions: executions.length,
    ...(isByModel && { usedIn: rows.length }),
    failures,
    failureRate: share(failures, executions.length),
    inputTokens,
    outputTokens: sum((row) => row.output_tokens),
    cacheReadTokens,
    cacheCreationTokens,
    cacheHitShare: share(cacheReadTokens, inputTokens + cacheReadTokens + cacheCreationTokens),
    numTurns: sumOfExecutions((row) => row.num_turns ?? 0),
    costUsd,
    estimatedCostUsd: members.reduce((total, { estimatedUsd }) => total + estimatedUsd, 0),
    failedCostUsd,
    failedCostShare: share(failedCostUsd, costUsd),
    costPerSuccessUsd:
      uses === withoutCost && costUsd === 0 ? null : share(costUsd, executions.length - failures),
    costPerExecutionUsd: share(costUsd, uses - withoutCost),
    withoutCost,
    withoutUsage: isByModel
      ? members.filter((member) => member.isWithoutUsage).length
      : count(({ usage_source }) => usage_source === "unknown"),
    withoutDuration,
    withoutTurns: count(({ num_turns }) => num_turns === null),
    durationMs,
    averageDurationMs: share(durationMs, executions.length - withoutDuration),
    p50DurationMs: percentile(50),
    p95DurationMs: percentile(95),
    p99DurationMs: percentile(99),
    durationSample: durations.length,
  };
}

function keyOf(key: GroupKey, row: ExecutionRow, day: string): string {
  switch (key) {
    case "day":
      return day;
    case "week":
      return weekOf(day);
    case "month":
      return day.slice(0, 7);
    case "eventType":
      return row.event_type;
    case "pr":
      return row.pr_number === null ? "(none)" : `${row.repo}#${row.pr_number}`;
    case "session":
      return row.session_id ?? "(none)";
    case "ledger":
      throw new Error("Only PostgreSQL has more than one ledger.");
    case "repo":
    case "model":
    case "provider":
    case "conclusion":
      return row[key];
    default:
      return labelValue(row, key.slice("label:".length)) ?? "(none)";
  }
}

/** The ISO week of a day: it belongs to the year of its Thursday. */
function weekOf(day: string): string {
  const midnight = new Date(`${day}T00:00:00Z`);
  const weekday = (midnight.getUTCDay() + 6) % 7;
  const thursday = new Date(midnight.getTime() + (3 - weekday) * DAY_MS);
  const dayOfYear = (thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / DAY_MS;
  return `${thursday.getUTCFullYear()}-W${String(Math.floor(dayOfYear / 7) + 1).padStart(2, "0")}`;
}

const calendars = new Map<string, Intl.DateTimeFormat>();

function dayIn(timeZone: string, epochMs: number): string {
  const calendar =
    calendars.get(timeZone) ??
    new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  calendars.set(timeZone, calendar);
  return calendar.format(epochMs);
}

function ceilDay(epochMs: number): number {
  return Math.ceil(epochMs / DAY_MS) * DAY_MS;
}

function floorDay(epochMs: number): number {
  return Math.floor(epochMs / DAY_MS) * DAY_MS;
}
