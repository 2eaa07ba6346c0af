import { type Expression, expressionBuilder, type Kysely, type SqlBool, sql } from "kysely";
import type { LedgerSchema } from "../ledger/schema";
import { isGlob, namesIn, plainName } from "../name-pattern";
import { SUCCESSFUL_CONCLUSIONS } from "../record/failure";
import { cutoffText, dayOf, LATEST_MS } from "../record/time";
import { matchesGlob, unindexed } from "./database/dialect";
import type { ResolvedFilter } from "./filter";
import { labelColumn } from "./label-column";
import { NONE } from "./labels";
import { PULL_REQUEST_NAME, pullRequestNamed } from "./pull-request";
import type { NamePattern } from "./types";

/** A half-open span of time in epoch milliseconds; infinite where it has no bound. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The span of a filter. */
export function spanOf({ sinceMs, untilMs }: ResolvedFilter): Span {
  return { fromMs: sinceMs ?? Number.NEGATIVE_INFINITY, toMs: untilMs ?? Number.POSITIVE_INFINITY };
}

/** A condition on a row. */
export type Condition = Expression<SqlBool>;

/** Up to this many executions, the index on the repository is faster than reading in order of time. */
const RARE_EXECUTIONS = 10_000;

const row = expressionBuilder<LedgerSchema, "executions">();
const daily = expressionBuilder<LedgerSchema, "usage_daily">();

/**
 * Whether an execution failed; the same for all executions of a row of `usage_daily`. Not with NOT IN: SQLite would
 * look each row up in a temporary table, which takes longer than all the sums.
 */
export const HAS_FAILED: Condition = row.and(
  SUCCESSFUL_CONCLUSIONS.map((conclusion) => row("conclusion", "!=", conclusion)),
);

/** Whether an execution completed in a span. */
export function completedIn({ fromMs, toMs }: Span): Condition {
  const from = cutoffText(fromMs);
  return row.and([
    ...(from === undefined ? [] : [row("created_at", ">=", from)]),
    ...(toMs > LATEST_MS ? [] : [row("created_at", "<", cutoffText(toMs) ?? "")]),
  ]);
}

/** A position in the order of `created_at`, then `id`. */
export interface Place {
  readonly createdAt: string;
  readonly id: number;
}

/** Whether an execution comes after a position, in ascending or descending order. */
export function isBeyond({ createdAt, id }: Place, order: "asc" | "desc"): Condition {
  return row(row.refTuple("created_at", "id"), order === "asc" ? ">" : "<", row.tuple(createdAt, id));
}

/** Whether a row of `usage_daily` belongs to one of the UTC days in a span. */
export function onDaysIn({ fromMs, toMs }: Span): Condition {
  const from = cutoffText(fromMs);
  return daily.and([
    ...(from === undefined ? [] : [daily("day", ">=", dayOf(from))]),
    ...(toMs > LATEST_MS ? [] : [daily("day", "<", dayOf(cutoffText(toMs) ?? ""))]),
  ]);
}

/** Conditions for the names of a filter. */
export interface NameConditions {
  /** For `usage_daily`, which has no labels. */
  readonly ofDays: Condition;
  /** For `executions`, read in order of time. */
  readonly ofExecutions: Condition;
}

/**
 * Builds the conditions for a filter's names. Queries the ledger to decide whether the index on the repository helps.
 */
export async function nameConditions(
  db: Kysely<LedgerSchema>,
  filter: ResolvedFilter,
): Promise<NameConditions> {
  const repos = reposOf(filter);
  const byIndex = repos !== undefined && (await areRare(db, repos));
  const repoColumn = byIndex ? row.ref("repo") : unindexed("repo");
  return {
    ofDays: named(filter, row.ref("repo")),
    ofExecutions: row.and([
      named(filter, repoColumn),
      ...Object.entries(filter.labels ?? {}).map(([label, pattern]) =>
        matchesOrLacks(labelColumn(label), pattern),
      ),
      ...(filter.session === undefined ? [] : [matchesOrLacks(row.ref("session_id"), filter.session)]),
      ...(filter.pullRequest === undefined ? [] : [isOfPullRequest(repoColumn, filter.pullRequest)]),
    ]),
  };
}

/** The repositories that all matching executions belong to; `undefined` if the filter doesn't tell. */
function reposOf({ repo, pullRequest }: ResolvedFilter): readonly string[] | undefined {
  const repos = namesIn(repo);
  if (repos.length > 0) return repos.some(isGlob) ? undefined : repos.map(plainName);
  const named = namesIn(pullRequest).map((name) => (isGlob(name) ? undefined : pullRequestNamed(name)?.repo));
  return named.length > 0 && named.every((name) => name !== undefined) ? named : undefined;
}

/** Whether an execution belongs to some pull requests. It compares repository and number, so that an index can help. */
function isOfPullRequest(repoColumn: Expression<string>, pattern: NamePattern): Condition {
  return row.or(
    namesIn(pattern).map((name) => {
      if (isGlob(name)) return matchesGlob(PULL_REQUEST_NAME, name);
      const pullRequest = pullRequestNamed(name);
      if (pullRequest === undefined) return row("pr_number", "is", null);
      return row.and([row(repoColumn, "=", pullRequest.repo), row("pr_number", "=", pullRequest.number)]);
    }),
  );
}

function named(filter: ResolvedFilter, repoColumn: Expression<string>): Condition {
  const { repo, model, provider, eventType, conclusion, ledger, failedOnly } = filter;
  return row.and([
    ...matches(repoColumn, repo),
    ...matches(row.ref("model"), model),
    ...matches(row.ref("provider"), provider),
    ...matches(row.ref("event_type"), eventType),
    ...matches(row.ref("conclusion"), conclusion),
    ...isOfLedger(ledger),
    ...(failedOnly ? [HAS_FAILED] : []),
  ]);
}

/** Conditions for rows of some ledgers, only in PostgreSQL. */
export function isOfLedger(pattern: NamePattern | undefined): readonly Condition[] {
  return matches(sql.ref<string>("ledger_id"), pattern);
}

/** Whether an execution has some of the values in a column, or none if the pattern includes `(none)`. */
function matchesOrLacks(column: Expression<string | null>, pattern: NamePattern): Condition {
  const isWithout = row(column, "is", null);
  return row.or([...matches(column, pattern), ...(includesNone(pattern) ? [isWithout] : [])]);
}

/** Whether a pattern asks for executions without the label, or the session. */
export function includesNone(pattern: NamePattern): boolean {
  return namesIn(pattern).includes(NONE);
}

/** Whether a filter has names that the sums by label don't have. */
export function hasNames({
  repo,
  model,
  provider,
  eventType,
  conclusion,
  failedOnly,
}: ResolvedFilter): boolean {
  return failedOnly || [repo, model, provider, eventType, conclusion].some((name) => name !== undefined);
}

/** Conditions for a column to have one of some names, or to match one of some globs; none without a pattern. */
export function matches(
  column: Expression<string | null>,
  pattern: NamePattern | undefined,
): readonly Condition[] {
  const names = namesIn(pattern);
  if (names.length === 0) return [];
  const [exact, globs] = [names.filter((name) => !isGlob(name)).map(plainName), names.filter(isGlob)];
  const [only, ...more] = exact;
  return [
    row.or([
      ...(only === undefined ? [] : [more.length > 0 ? row(column, "in", exact) : row(column, "=", only)]),
      ...globs.map((glob) => matchesGlob(column, glob)),
    ]),
  ];
}

async function areRare(db: Kysely<LedgerSchema>, repos: readonly string[]): Promise<boolean> {
  const executions = db.selectFrom("executions").select("id").where("repo", "in", repos);
  return (await executions.limit(1).offset(RARE_EXECUTIONS).execute()).length === 0;
}
