import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { DAY_MS } from "../record/time";
import { answer } from "./answer";
import { COMPARED_WITH, comparedPeriod } from "./compared-period";
import { onDaysIn, type Span } from "./conditions";
import type { Ledger } from "./database/ledger";
import { reading } from "./database/snapshot";
import { resolveFilter } from "./filter";
import { keyOfLabel } from "./labels";
import type { ExecutionFilter, LabelKey, Usage, UsageGroup, UsageReport } from "./types";

/** What {@link changesReport} breaks a difference down by. */
export const CHANGE_KEYS = ["repo", "model", "eventType"] as const;
/** One of {@link CHANGE_KEYS}, or a label that executions have: `label:team`. */
export type ChangeKey = (typeof CHANGE_KEYS)[number] | LabelKey;

/** Which executions, and which period they are compared with. */
export interface ChangesFilter extends ExecutionFilter {
  /** `previous` (default), a month such as `2026-09`, or the first day of a period, such as `2026-09-15`. */
  readonly compare?: string | undefined;
}

/** What changed: a repository, a model, an event type, or a value of a label. */
export type ChangedName = { [Key in ChangeKey]?: string };

/** What one name contributed to the difference between two periods. */
export type Change = ChangedName & {
  /** In US dollars, as far as known, like `costUsd` of a report. */
  readonly beforeUsd: number;
  readonly nowUsd: number;
  /** `nowUsd` minus `beforeUsd`. */
  readonly differenceUsd: number;
  readonly executionsBefore: number;
  readonly executionsNow: number;
  /** How many of the executions came without a cost: the amounts don't include them. */
  readonly withoutCostBefore: number;
  readonly withoutCostNow: number;
};

/** The sums that {@link Change} needs; by model, unknown costs are those of its uses. */
const READ_OF_NAMES = ["executions", "usedIn", "costUsd", "withoutCost", "usedWithoutCost"] as const;

/** What {@link changesReport} answers; ready for JSON. */
export interface ChangesReport {
  readonly schema: "runledger.changes/1";
  readonly ledger: string;
  /** When the report was made, ISO 8601. */
  readonly generatedAt: string;
  /** What was asked for, including the period. */
  readonly filter: UsageReport["filter"];
  /** The period that it is compared with, ISO 8601. */
  readonly comparedWith: { readonly since: string; readonly until: string };
  readonly before: Usage;
  readonly now: Usage;
  /** How much more `now` cost than `before`. */
  readonly differenceUsd: number;
  /**
   * What made up the difference, by each of {@link CHANGE_KEYS} and by each label in use: the largest first. Each list adds
   * up to the whole difference, unless executions were purged and a label is combined with other filters.
   */
  readonly changes: Readonly<Record<(typeof CHANGE_KEYS)[number], readonly Change[]>> &
    Readonly<Record<LabelKey, readonly Change[]>>;
  readonly notes: readonly string[];
}

/**
 * Compares the costs of two periods, by repository, model, event type and label.
 * Without `since`: this month so far. Without `until`: up to now.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`
 */
export async function changesReport(ledger: Ledger, filter: ChangesFilter = {}): Promise<ChangesReport> {
  const { compare = "previous", since = "this-month", until, ...names } = filter;
  const nowMs = Date.now();
  const { sinceMs = 0, untilMs = nowMs, timeZone } = resolveFilter({ ...names, since, until }, nowMs);
  const period = { fromMs: sinceMs, toMs: untilMs };
  const other = typeof compare === "string" ? comparedPeriod(compare, period, timeZone) : undefined;
  if (other === undefined) {
    throw new RunledgerError(
      "INVALID_ARGUMENT",
      `Invalid filter: compare: expected ${COMPARED_WITH}, received ${describe(compare)}.`,
    );
  }
  const labels = await labelsOf(ledger, [period, other]);
  const keys = [...CHANGE_KEYS, ...labels.map(keyOfLabel)];
  const groupings = keys.map((key) => [key]);
  const of = ({ fromMs, toMs }: typeof period) =>
    answer(
      ledger,
      { ...names, since: fromMs, until: toMs },
      { groupings, exact: false, onlyOfGroups: READ_OF_NAMES },
    );
  const [now, before] = [await of(period), await of(other)];
  const changes = keys.map((key, index) => [
    key,
    changesBetween(key, before.groups[index] ?? [], now.groups[index] ?? []),
  ]);
  return {
    schema: "runledger.changes/1",
    ledger: now.about.ledger,
    generatedAt: now.about.generatedAt,
    filter: now.about.filter,
    comparedWith: {
      since: new Date(other.fromMs).toISOString(),
      until: new Date(other.toMs).toISOString(),
    },
    before: before.totals,
    now: now.totals,
    differenceUsd: now.totals.costUsd - before.totals.costUsd,
    changes: Object.fromEntries(changes) as ChangesReport["changes"],
    notes: [...now.notes, ...before.notes.map((note) => `Before: ${note}`)],
  };
}

/** The labels that executions of some periods have, in order. */
async function labelsOf(ledger: Ledger, periods: readonly Span[]): Promise<readonly string[]> {
  const found = await reading(ledger, () =>
    ledger.db
      .selectFrom("usage_daily_labels")
      .select("label")
      .distinct()
      .where(({ or }) => or(periods.map(({ fromMs, toMs }) => onDaysIn({ fromMs, toMs: toMs + DAY_MS }))))
      .orderBy("label")
      .execute(),
  );
  return found.map(({ label }) => label);
}

function changesBetween(
  key: ChangeKey,
  before: readonly UsageGroup[],
  now: readonly UsageGroup[],
): readonly Change[] {
  const byName = (groups: readonly UsageGroup[]) => new Map(groups.map((group) => [group[key] ?? "", group]));
  const [earlier, later] = [byName(before), byName(now)];
  const names = new Set([...later.keys(), ...earlier.keys()]);
  return Array.from(names, (name): Change => {
    const [before, now] = [earlier.get(name), later.get(name)];
    const [beforeUsd, nowUsd] = [before?.costUsd ?? 0, now?.costUsd ?? 0];
    return {
      ...({ [key]: name } as ChangedName),
      beforeUsd,
      nowUsd,
      differenceUsd: nowUsd - beforeUsd,
      executionsBefore: before?.executions ?? 0,
      executionsNow: now?.executions ?? 0,
      withoutCostBefore: before?.withoutCost ?? 0,
      withoutCostNow: now?.withoutCost ?? 0,
    };
  }).sort(
    (a, b) =>
      Math.abs(b.differenceUsd) - Math.abs(a.differenceUsd) || ((a[key] ?? "") < (b[key] ?? "") ? -1 : 1),
  );
}
