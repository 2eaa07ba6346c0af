import { isFailure } from "../record/failure";
import { parseLabels } from "../record/labels";
import { LABEL_SUMS, type LabelUsageRow, type UsageDailyRow } from "./schema";

type Sums = Omit<LabelUsageRow, "label" | "day" | "value">;
type OfDay = Sums & { readonly day: string; readonly labels: string };

/** Adds up executions by day and label, so that a batch writes each row of `usage_daily_labels` once. */
export class LabelTotals {
  /** By all labels together, which many executions share: so each of them costs one look. */
  readonly #totals = new SumsByKey<OfDay>();

  /** Adds what an execution, or one of its models, adds to `usage_daily`. */
  add(labels: string, usage: UsageDailyRow): void {
    this.#totals.add(usage.day + labels, { day: usage.day, labels, ...sumsOf(usage) });
  }

  /** In the order in which the values came first. */
  rows(): Iterable<LabelUsageRow> {
    const rows = new SumsByKey<LabelUsageRow>();
    for (const { day, labels, ...sums } of this.#totals.values()) {
      for (const [label, value] of Object.entries(parseLabels(labels) ?? {})) {
        rows.add(`${label} ${day} ${value}`, { label, day, value, ...sums });
      }
    }
    return rows.values();
  }
}

class SumsByKey<Row extends Sums> {
  readonly #byKey = new Map<string, Row>();
  /** Partial sums that are full: adding more would lose digits. SQLite's 64-bit integers add them up exactly. */
  readonly #full: Row[] = [];

  add(key: string, addend: Row): void {
    const total = this.#byKey.get(key);
    if (
      total !== undefined &&
      LABEL_SUMS.every((sum) => total[sum] + addend[sum] <= Number.MAX_SAFE_INTEGER)
    ) {
      for (const sum of LABEL_SUMS) (total as Sums)[sum] += addend[sum];
      return;
    }
    if (total !== undefined) this.#full.push(total);
    this.#byKey.set(key, addend);
  }

  *values(): Generator<Row> {
    yield* this.#full;
    yield* this.#byKey.values();
  }
}

function sumsOf(usage: UsageDailyRow): Sums {
  const hasFailed = isFailure(usage.conclusion);
  return {
    executions: usage.executions,
    failures: hasFailed ? usage.executions : 0,
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
    cache_read_tokens: usage.cache_read_tokens,
    cache_creation_tokens: usage.cache_creation_tokens,
    duration_ms: usage.duration_ms,
    num_turns: usage.num_turns,
    cost_usd: usage.cost_usd,
    failed_cost_usd: hasFailed ? usage.cost_usd : 0,
    without_usage: usage.without_usage,
    without_cost: usage.without_cost,
    without_duration: usage.without_duration,
    without_turns: usage.without_turns,
    estimated_cost_usd: usage.estimated_cost_usd,
  };
}
