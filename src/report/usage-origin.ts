import { hasNames } from "./conditions";
import type { ResolvedFilter } from "./filter";
import { isLabelKey, labelsIn } from "./labels";
import { isTimeKey } from "./periods";
import type { GroupKey } from "./types";
import { isRowKey } from "./usage-queries";

/**
 * Where the usage of some groups can be read: from the sums by name (`usage_daily`), from those of one label
 * (`usage_daily_labels`), or only from the executions.
 */
export type UsageOrigin = "names" | "executions" | { readonly label: string };

/** Where groups can be read. There are sums only for names alone, or for one label alone. */
export function originOf(by: readonly GroupKey[], filter: ResolvedFilter): UsageOrigin {
  if (by.some(isRowKey) || filter.pullRequest !== undefined || filter.session !== undefined)
    return "executions";
  const labels = new Set([...Object.keys(filter.labels ?? {}), ...labelsIn(by)]);
  const [label] = labels;
  if (label === undefined) return "names";
  const isAlone = labels.size === 1 && !hasNames(filter) && by.every(isBesideLabels);
  return isAlone ? { label } : "executions";
}

function isBesideLabels(key: GroupKey): boolean {
  return isLabelKey(key) || isTimeKey(key) || key === "ledger";
}
