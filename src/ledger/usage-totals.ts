import { dayOf } from "../record/time";
import { type NewExecutionRow, USAGE_SUMS, type UsageDailyRow } from "./schema";

/** Adds up executions by day and key, so that a batch writes each row of `usage_daily` once. */
export class UsageTotals {
  readonly #byKey = new Map<string, UsageDailyRow>();
  /** Partial sums that are full: adding more would lose digits. SQLite's 64-bit integers add them up exactly. */
  readonly #full: UsageDailyRow[] = [];

  add(execution: NewExecutionRow): void {
    const addend = usageOf(execution);
    const { day, repo, event_type, provider, model, conclusion } = addend;
    // With lengths, because no separator is safe: a name may contain any character.
    const lengths = `${repo.length},${event_type.length},${provider.length},${model.length}`;
    const key = `${lengths},${day}${repo}${event_type}${provider}${model}${conclusion}`;
    const total = this.#byKey.get(key);
    if (total === undefined) {
      this.#byKey.set(key, addend);
    } else if (USAGE_SUMS.every((sum) => total[sum] + addend[sum] <= Number.MAX_SAFE_INTEGER)) {
      for (const sum of USAGE_SUMS) total[sum] += addend[sum];
    } else {
      this.#full.push(total);
      this.#byKey.set(key, addend);
    }
  }

  *rows(): Generator<UsageDailyRow> {
    yield* this.#full;
    yield* this.#byKey.values();
  }
}

function usageOf(execution: NewExecutionRow): UsageDailyRow {
  return {
    day: dayOf(execution.created_at),
    repo: execution.repo,
    event_type: execution.event_type,
    provider: execution.provider,
    model: execution.model,
    conclusion: execution.conclusion,
    executions: 1,
    input_tokens: execution.input_tokens,
    output_tokens: execution.output_tokens,
    cache_read_tokens: execution.cache_read_tokens,
    cache_creation_tokens: execution.cache_creation_tokens,
    duration_ms: execution.duration_ms,
    num_turns: execution.num_turns ?? 0,
    cost_usd: execution.cost_usd,
    without_usage: execution.usage_source === "unknown" ? 1 : 0,
    without_cost: execution.cost_source === "unknown" ? 1 : 0,
    without_duration: execution.duration_ms === 0 ? 1 : 0,
    without_turns: execution.num_turns === null ? 1 : 0,
    estimated_cost_usd: execution.cost_source === "estimated" ? execution.cost_usd : 0,
  };
}
