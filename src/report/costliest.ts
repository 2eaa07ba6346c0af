import { type AboutReport, answer } from "./answer";
import type { Ledger } from "./database/ledger";
import type { ExecutionFilter, GroupKey, Usage } from "./types";

/** The figures of each group in the list. */
const SHOWN = ["executions", "usedIn", "failures", "costUsd", "withoutCost"] as const;
/** By model, unknown costs are those of its uses. */
const READ = [...SHOWN, "usedWithoutCost"] as const;

type Shown = Pick<Usage, (typeof SHOWN)[number]>;
export type CostliestGroup = { readonly [Key in GroupKey]?: string } & Readonly<Shown>;

/** What {@link costliest} answers; ready for JSON. */
export interface CostliestReport extends Omit<AboutReport, "schema" | "exact"> {
  readonly schema: "runledger.costliest/1";
  readonly by: GroupKey;
  readonly totals: Readonly<Shown>;
  /** By cost, the highest first. */
  readonly groups: readonly CostliestGroup[];
}

/**
 * The costliest groups by one key: the first groups of a `usageReport`, with only a few figures. For sessions and pull
 * requests, which are read from the executions, that takes half the time.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`
 */
export async function costliest(
  ledger: Ledger,
  filter: ExecutionFilter,
  { by, limit }: { readonly by: GroupKey; readonly limit: number },
): Promise<CostliestReport> {
  const asked = { groupings: [[by]], exact: false, only: READ, costliest: limit };
  const { about, totals, groups } = await answer(ledger, filter, asked);
  const { exact, ...rest } = about;
  const [all = []] = groups;
  return {
    ...rest,
    schema: "runledger.costliest/1",
    by,
    totals: shown(totals),
    groups: all.slice(0, limit).map((group) => ({ [by]: group[by] ?? "", ...shown(group) })),
  };
}

function shown(usage: Usage): Shown {
  const { executions, usedIn, failures, costUsd, withoutCost } = usage;
  return { executions, ...(usedIn !== undefined && { usedIn }), failures, costUsd, withoutCost };
}
