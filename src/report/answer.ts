import * as z from "zod/mini";
import { check } from "./check";
import { collectUsage, type UsageAnswer } from "./collect-usage";
import type { Ledger } from "./database/ledger";
import { atOneMoment } from "./database/snapshot";
import { checkLedger, type ResolvedFilter, resolveFilter } from "./filter";
import { endOfDay } from "./time-zone";
import type { ExecutionFilter, GroupKey, UsageReport } from "./types";
import type { UsageContext } from "./usage-reading";

/** What every report says about itself. */
export type AboutReport = Pick<
  UsageReport,
  "schema" | "ledger" | "generatedAt" | "filter" | "exact" | "purgedBefore"
>;

/** What is to be answered. */
export interface AnswerOptions {
  readonly groupings: readonly (readonly GroupKey[])[];
  readonly exact: boolean;
  /** Which sums are read, without percentiles: nothing else of the answer counts then. Default: all there are. */
  readonly only?: UsageContext["only"];
  /** Which sums of groups are read, without percentiles. Default: all that are read. */
  readonly onlyOfGroups?: UsageContext["only"];
  /** How many groups are wanted, of those that cost most. Default all. */
  readonly costliest?: UsageContext["costliest"];
}

const exactSchema = z.object({ exact: z.boolean("a boolean") });

/** Answers by some groupings at once, all of the same executions as they are at one moment. */
export async function answer(
  ledger: Ledger,
  filter: ExecutionFilter,
  { groupings, exact, ...parts }: AnswerOptions,
): Promise<UsageAnswer & { readonly about: AboutReport }> {
  check(exactSchema, { exact }, "filter");
  const now = new Date();
  const resolved = resolveFilter(filter, now.getTime());
  checkLedger(ledger, resolved);
  const endOfTodayMs = endOfDay(resolved.timeZone, now.getTime());
  const question = { filter: resolved, groupings, isExact: exact, endOfTodayMs, ...parts };
  const usage = await atOneMoment(ledger, (db) => collectUsage(db, ledger, question));
  const about = {
    schema: "runledger.report/1",
    ledger: ledger.location,
    generatedAt: now.toISOString(),
    filter: describeFilter(resolved),
    exact,
    purgedBefore: toIso(usage.purgedBeforeMs),
  } as const;
  return { ...usage, about };
}

function describeFilter(filter: ResolvedFilter): UsageReport["filter"] {
  const { sinceMs, untilMs, repo, model, provider, eventType, conclusion, labels } = filter;
  const { pullRequest, session, ledger, failedOnly, timeZone } = filter;
  return {
    since: toIso(sinceMs),
    until: toIso(untilMs),
    repo: repo ?? null,
    model: model ?? null,
    provider: provider ?? null,
    eventType: eventType ?? null,
    conclusion: conclusion ?? null,
    labels: labels ?? null,
    pullRequest: pullRequest ?? null,
    session: session ?? null,
    ledger: ledger ?? null,
    failedOnly,
    timeZone,
  };
}

function toIso(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}
