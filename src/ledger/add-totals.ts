import type { Incident } from "../record/types";
import type { Connection } from "./connection";
import { addLabelUsage } from "./label-values";
import { USAGE_KEYS, USAGE_SUMS } from "./schema";
import { ADD_USAGE, roundLabelCosts, roundUsageCosts } from "./statements";
import type { UsageTotals } from "./usage-totals";

/**
 * Adds totals to `usage_daily` and `usage_daily_labels`. Call it inside a transaction.
 *
 * @returns Incidents: the first time that a label has too many values.
 */
export function addTotals(connection: Connection, totals: UsageTotals): Incident[] {
  for (const usage of totals.rows()) {
    const sums = USAGE_SUMS.map((name) => usage[name]);
    connection.run(ADD_USAGE, [...USAGE_KEYS.map((name) => usage[name]), ...sums]);
  }
  return addLabelUsage(connection, totals.labelRows());
}

/** Subtracts totals that were added before, and rounds costs so that no rounding error is left of them. */
export function removeTotals(connection: Connection, totals: UsageTotals): void {
  for (const usage of totals.rows()) {
    const sums = USAGE_SUMS.map((name) => -usage[name]);
    connection.run(ADD_USAGE, [...USAGE_KEYS.map((name) => usage[name]), ...sums]);
    connection.run(roundUsageCosts(usage));
  }
  const ofLabels = totals.labelRows();
  addLabelUsage(
    connection,
    ofLabels.map((total) => ({ ...total, sums: total.sums.map((sum) => -sum) })),
  );
  for (const { label, day } of ofLabels) connection.run(roundLabelCosts(label, day));
}
