import { type AboutReport, answer } from "./answer";
import type { Ledger } from "./database/ledger";
import type { ExecutionFilter, GroupKey, Usage } from "./types";

/** What a list of the costliest shows. */
const SHOWN = ["executions", "usedIn", "failures", "costUsd", "withoutCost"] as const;
/** By model the unknown costs are those of its uses. */
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
 * What cost most, by one key: the first groups of a `usageReport`, with the figures that such a list shows. Sessions and
 * pull requests are read from the executions themselves, which takes half the time for these few figures.
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
