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

/** What to answer. */
export interface AnswerOptions {
  readonly groupings: readonly (readonly GroupKey[])[];
  readonly exact: boolean;
  /** Which sums to read, without percentiles; the other fields of the answer are then meaningless. Default: all. */
  readonly only?: UsageContext["only"];
  /** Which sums of groups to read, without percentiles. Default: the same as for the totals. */
  readonly onlyOfGroups?: UsageContext["only"];
  /** How many groups are wanted, the costliest first. Default: all. */
  readonly costliest?: UsageContext["costliest"];
}

const exactSchema = z.object({ exact: z.boolean("a boolean") });

/** Answers several groupings at once, all from the same snapshot of the ledger. */
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
