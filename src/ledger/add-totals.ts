import type { Incident } from "../record/types";
import type { Connection } from "./connection";
import { addLabelUsage } from "./label-values";
import { USAGE_KEYS, USAGE_SUMS } from "./schema";
import { ADD_USAGE } from "./statements";
import type { UsageTotals } from "./usage-totals";

/**
 * Adds totals to `usage_daily` and `usage_daily_labels`, or with a `sign` of -1 subtracts them. Call it inside a
 * transaction.
 *
 * @returns what a person should know: the first time that a label has too many values.
 */
export function addTotals(connection: Connection, totals: UsageTotals, sign: 1 | -1 = 1): Incident[] {
  for (const usage of totals.rows()) {
    const keys = USAGE_KEYS.map((name) => usage[name]);
    connection.run(ADD_USAGE, [...keys, ...USAGE_SUMS.map((name) => sign * usage[name])]);
  }
  const ofLabels = totals.labelRows();
  if (sign === 1) return addLabelUsage(connection, ofLabels);
  return addLabelUsage(
    connection,
    ofLabels.map((total) => ({ ...total, sums: total.sums.map((sum) => sign * sum) })),
  );
}
