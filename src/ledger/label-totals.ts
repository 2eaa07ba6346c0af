import { isFailure } from "../record/failure";
import type { Labels } from "../record/types";
import type { LABEL_SUMS, UsageDailyRow } from "./schema";

/** The values of {@link LABEL_SUMS}, in that order. */
export type LabelSums = Float64Array;

/** The content of a row of `usage_daily_labels`. */
export interface LabelTotal {
  readonly label: string;
  readonly day: string;
  readonly value: string;
  readonly sums: LabelSums;
}

interface OfDay {
  readonly day: string;
  readonly labels: string;
  readonly sums: LabelSums;
}

/** Adds up executions by day and label, so that a batch writes each row of `usage_daily_labels` once. */
export class LabelTotals {
  /** By the whole set of labels, which many executions share: one lookup per execution. */
  readonly #byLabels = new Map<string, OfDay>();
  /** Partial sums that are full: adding more would lose digits. SQLite's 64-bit integers add them up exactly. */
  readonly #full: OfDay[] = [];

  /** Adds what an execution, or one of its models, adds to `usage_daily`. */
  add(labels: string, usage: UsageDailyRow): void {
    const key = usage.day + labels;
    const total = this.#byLabels.get(key);
    const addend = sumsOf(usage);
    if (total !== undefined && addTo(total.sums, addend)) return;
    if (total !== undefined) this.#full.push(total);
    this.#byLabels.set(key, { day: usage.day, labels, sums: addend });
  }

  /** In the order in which the values first appeared. */
  rows(): LabelTotal[] {
    const rows: LabelTotal[] = [];
    const byDay = new Map<string, Map<string, LabelTotal>>();
    for (const { day, labels, sums } of [...this.#full, ...this.#byLabels.values()]) {
      for (const [label, value] of Object.entries<string>(JSON.parse(labels) as Labels)) {
        const ofDay = `${label} ${day}`;
        const totals = byDay.get(ofDay) ?? new Map<string, LabelTotal>();
        const total = totals.get(value);
        if (total !== undefined && addTo(total.sums, sums)) continue;
        const added = { label, day, value, sums: sums.slice() };
        byDay.set(ofDay, totals.set(value, added));
        rows.push(added);
      }
    }
    return rows;
  }
}

/** Returns `false`, and adds nothing, when a sum would lose digits. */
function addTo(total: LabelSums, addend: LabelSums): boolean {
  for (let at = 0; at < total.length; at += 1) {
    if ((total[at] as number) + (addend[at] as number) > Number.MAX_SAFE_INTEGER) return false;
  }
  for (let at = 0; at < total.length; at += 1) (total[at] as number) += addend[at] as number;
  return true;
}

/** In the order of {@link LABEL_SUMS}. One by one: it runs for every execution with labels. */
function sumsOf(usage: UsageDailyRow): LabelSums {
  const hasFailed = isFailure(usage.conclusion);
  return Float64Array.of(
    usage.executions,
    hasFailed ? usage.executions : 0,
    usage.input_tokens,
    usage.output_tokens,
    usage.cache_read_tokens,
    usage.cache_creation_tokens,
    usage.duration_ms,
    usage.num_turns,
    usage.cost_usd,
    hasFailed ? usage.cost_usd : 0,
    usage.without_usage,
    usage.without_cost,
    usage.without_duration,
    usage.without_turns,
    usage.estimated_cost_usd,
  );
}
