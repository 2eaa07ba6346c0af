import { dayOf } from "../record/time";
import { type LabelTotal, LabelTotals } from "./label-totals";
import type { ExecutionModelRow, NewExecutionRow, UsageDailyRow } from "./schema";

/** Adds up executions by day and key, so that a batch writes each row of `usage_daily` once. */
export class UsageTotals {
  readonly #byKey = new Map<string, UsageDailyRow>();
  /** Partial sums that are full: adding more would lose digits. SQLite's 64-bit integers add them up exactly. */
  readonly #full: UsageDailyRow[] = [];
  readonly #labels = new LabelTotals();

  add(execution: NewExecutionRow): void {
    const { models, labels } = execution;
    if (models === undefined) this.#add(usageOf(execution), labels);
    else for (const model of models) this.#add(usageOfModel(execution, model), labels);
  }

  /** The rows of `usage_daily_labels`. */
  labelRows(): readonly LabelTotal[] {
    return this.#labels.rows();
  }

  #add(addend: UsageDailyRow, labels: string | null): void {
    // Before the addend becomes a total, to which others are added.
    if (labels !== null) this.#labels.add(labels, addend);
    const { day, repo, event_type, provider, model, conclusion } = addend;
    // With lengths, because no separator is safe: a name may contain any character.
    const lengths = `${repo.length},${event_type.length},${provider.length},${model.length}`;
    const key = `${lengths},${day}${repo}${event_type}${provider}${model}${conclusion}`;
    const total = this.#byKey.get(key);
    if (total === undefined) {
      this.#byKey.set(key, addend);
    } else if (isTooLarge(total, addend)) {
      this.#full.push(total);
      this.#byKey.set(key, addend);
    } else {
      addTo(total, addend);
    }
  }

  *rows(): Generator<UsageDailyRow> {
    yield* this.#full;
    yield* this.#byKey.values();
  }
}

/** Whether a sum would lose digits. What counts executions is far below. */
function isTooLarge(total: UsageDailyRow, addend: UsageDailyRow): boolean {
  const most = Math.max(
    total.input_tokens + addend.input_tokens,
    total.output_tokens + addend.output_tokens,
    total.cache_read_tokens + addend.cache_read_tokens,
    total.cache_creation_tokens + addend.cache_creation_tokens,
    total.duration_ms + addend.duration_ms,
    total.num_turns + addend.num_turns,
    total.cost_usd + addend.cost_usd,
  );
  return most > Number.MAX_SAFE_INTEGER;
}

/** One by one: it runs for every execution, and by name each sum would have to be looked up. */
function addTo(total: UsageDailyRow, addend: UsageDailyRow): void {
  total.executions += addend.executions;
  total.input_tokens += addend.input_tokens;
  total.output_tokens += addend.output_tokens;
  total.cache_read_tokens += addend.cache_read_tokens;
  total.cache_creation_tokens += addend.cache_creation_tokens;
  total.duration_ms += addend.duration_ms;
  total.num_turns += addend.num_turns;
  total.cost_usd += addend.cost_usd;
  total.used_in += addend.used_in;
  total.used_without_usage += addend.used_without_usage;
  total.used_without_cost += addend.used_without_cost;
  total.without_usage += addend.without_usage;
  total.without_cost += addend.without_cost;
  total.without_duration += addend.without_duration;
  total.without_turns += addend.without_turns;
  total.estimated_cost_usd += addend.estimated_cost_usd;
}

function usageOf(execution: NewExecutionRow): UsageDailyRow {
  const without_usage = execution.usage_source === "unknown" ? 1 : 0;
  const without_cost = execution.cost_source === "unknown" ? 1 : 0;
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
    used_in: 1,
    used_without_usage: without_usage,
    used_without_cost: without_cost,
    without_usage,
    without_cost,
    without_duration: execution.duration_ms === 0 ? 1 : 0,
    without_turns: execution.num_turns === null ? 1 : 0,
    estimated_cost_usd: execution.cost_source === "estimated" ? execution.cost_usd : 0,
  };
}

/** What counts under one of the models of an execution. */
function usageOfModel(execution: NewExecutionRow, used: ExecutionModelRow): UsageDailyRow {
  const isMain = used.model === execution.model && used.provider === execution.provider;
  const cost_usd = used.cost_usd ?? 0;
  const tokens =
    used.input_tokens ?? used.output_tokens ?? used.cache_read_tokens ?? used.cache_creation_tokens;
  return {
    ...usageOf(execution),
    ...(!isMain && NO_EXECUTION),
    provider: used.provider,
    model: used.model,
    input_tokens: used.input_tokens ?? 0,
    output_tokens: used.output_tokens ?? 0,
    cache_read_tokens: used.cache_read_tokens ?? 0,
    cache_creation_tokens: used.cache_creation_tokens ?? 0,
    cost_usd,
    used_without_usage: tokens === null ? 1 : 0,
    used_without_cost: used.cost_usd === null ? 1 : 0,
    estimated_cost_usd: used.cost_source === "estimated" ? cost_usd : 0,
  };
}

/** An execution counts under its main model alone. */
const NO_EXECUTION = {
  executions: 0,
  duration_ms: 0,
  num_turns: 0,
  without_usage: 0,
  without_cost: 0,
  without_duration: 0,
  without_turns: 0,
} as const satisfies Partial<UsageDailyRow>;
