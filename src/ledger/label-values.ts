import type { Incident } from "../record/types";
import type { Connection } from "./connection";
import type { LabelTotal } from "./label-totals";
import { MOST_VALUES, OTHER_VALUES } from "./schema";
import { addToLabelUsage, insertLabelUsage, selectLabelValues, selectOtherValues } from "./statements";

/**
 * Adds sums to `usage_daily_labels`. Call it inside a transaction.
 *
 * @returns what a person should know: the first time that a label has too many values.
 */
export function addLabelUsage(connection: Connection, totals: Iterable<LabelTotal>): Incident[] {
  const incidents: Incident[] = [];
  const counts = new Map<string, number>();
  for (const { label, day, value, sums } of totals) {
    if (connection.run(addToLabelUsage(), [...sums, label, day, value]) > 0) continue;
    const ofDay = `${label} ${day}`;
    const count = counts.get(ofDay) ?? connection.all(selectLabelValues(label, day))[0]?.values ?? 0;
    const isOther = count >= MOST_VALUES;
    counts.set(ofDay, isOther ? count : count + 1);
    if (isOther && connection.all(selectOtherValues(label)).length === 0) incidents.push(tooMany(label, day));
    connection.run(insertLabelUsage(), [label, day, isOther ? OTHER_VALUES : value, ...sums]);
  }
  return incidents;
}

function tooMany(label: string, day: string): Incident {
  const limit = MOST_VALUES.toLocaleString("en");
  return {
    kind: "degraded",
    reason: `The label ${label} had more than ${limit} values on ${day}: of each day, those that come later are summed together, as ${OTHER_VALUES}.`,
  };
}
