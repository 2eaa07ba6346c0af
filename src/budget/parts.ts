import type { NewExecutionRow } from "../ledger/schema";
import { parseLabels } from "../record/labels";
import { toEpochMs } from "../record/time";
import type { Spender } from "./types";

/** What an execution, or one of its models, adds to budgets. */
export interface Part {
  readonly spender: Spender;
  /** When it completed, in epoch milliseconds. */
  readonly atMs: number;
  readonly costUsd: number;
  /** 1 for an execution of unknown cost, under its main model; else 0. */
  readonly unknown: number;
  /** 1 if the cost of this model is unknown; else 0. */
  readonly unknownOfModel: number;
}

/** The parts of an execution: tokens and cost count under their own model, as in reports. */
export function partsOf(row: NewExecutionRow): readonly Part[] {
  const whole = wholeOf(row);
  if (row.models === undefined) return [whole];
  return row.models.map(({ model, provider, cost_usd }) => {
    const isMain = model === row.model && provider === row.provider;
    return {
      ...whole,
      spender: { ...whole.spender, model, provider },
      costUsd: cost_usd ?? 0,
      unknown: isMain ? whole.unknown : 0,
      unknownOfModel: cost_usd === null ? 1 : 0,
    };
  });
}

/** An execution as a whole, under its main model. */
export function wholeOf(row: NewExecutionRow): Part {
  const unknown = isCostUnknown(row) ? 1 : 0;
  return {
    spender: {
      repo: row.repo,
      eventType: row.event_type,
      provider: row.provider,
      model: row.model,
      conclusion: row.conclusion,
      labels: parseLabels(row.labels),
    },
    atMs: toEpochMs(`${row.created_at}Z`) ?? Number.NaN,
    costUsd: row.cost_usd,
    unknown,
    unknownOfModel: unknown,
  };
}

/** A row inserted by an older program has no source until it is adopted. */
function isCostUnknown({ execution_id, cost_source, cost_usd }: NewExecutionRow): boolean {
  return execution_id === null ? !(cost_usd > 0) : cost_source === "unknown";
}
