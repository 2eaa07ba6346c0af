import * as z from "zod/mini";
import { RunledgerError } from "../errors";
import { answer } from "./answer";
import { check } from "./check";
import type { Ledger } from "./database/ledger";
import { isLabelKey } from "./labels";
import { GROUP_KEYS, type GroupKey, type UsageFilter, type UsageReport } from "./types";

const KEYS = `up to two different ones of ${GROUP_KEYS.join(", ")}, or label: and a label's key`;

const keysSchema = z.object({
  by: z.array(z.custom<GroupKey>(isGroupKey, KEYS), KEYS).check(
    z.maxLength(2, KEYS),
    z.refine((keys) => new Set(keys).size === keys.length, KEYS),
  ),
});

/**
 * What executions used: in all, and by up to two keys. Whole UTC days are read from the ledger's sums, which outlive
 * the retention; the rest is read from the executions. All of it is one snapshot, even while an application writes.
 *
 * Percentiles, also those of groups, are over the latest {@link PERCENTILE_SAMPLE} of all matching executions: a group
 * without any of these has no percentiles. With `exact` they are over all.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`
 * @example
 * ```ts
 * await using ledger = await openLedger("./data/telemetry.db");
 * const { totals, groups } = await usageReport(ledger, { since: "30d", by: ["model"] });
 * ```
 */
export async function usageReport(ledger: Ledger, filter: UsageFilter = {}): Promise<UsageReport> {
  const { by = [], exact = false, ...executions } = filter;
  check(keysSchema, { by }, "filter");
  if (by.includes("ledger") && ledger.engine !== "postgresql") {
    throw new RunledgerError(
      "INVALID_ARGUMENT",
      "usageReport: a SQLite file is one ledger; by ledger, only PostgreSQL has more.",
    );
  }
  const ofEach = by.length > 1 ? by.map((key) => [key]) : [];
  const { about, totals, notes, groups } = await answer(ledger, executions, {
    groupings: [by, ...ofEach],
    exact,
  });
  const [ofAll = [], ...others] = groups;
  return {
    ...about,
    by,
    totals,
    groups: by.length > 0 ? ofAll : [],
    ...(by.length > 1 && {
      subtotals: Object.fromEntries(by.map((key, index) => [key, others[index] ?? []])),
    }),
    notes,
  };
}

function isGroupKey(key: unknown): boolean {
  return typeof key === "string" && (isLabelKey(key) || (GROUP_KEYS as readonly string[]).includes(key));
}
