import type { PricedUsage, PriceList } from "../prices/price-list";
import { serviceTierOf } from "../record/labels";
import type { ExecutionModelRow, NewExecutionRow } from "./schema";

/** A row with the costs that nobody reported filled in from a price list, as far as it has them. */
export function estimate<Row extends NewExecutionRow>(row: Row, prices: PriceList): Row {
  if (row.cost_source !== "unknown") return row;
  const { models } = row;
  if (models === undefined) return estimateOne(row, prices);
  const estimated = models.map((model) => estimateModel(row, model, prices));
  const costs = estimated.map(({ cost_usd }) => cost_usd);
  return {
    ...row,
    models: estimated,
    cost_usd: costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0),
    cost_source: costs.includes(null) ? "unknown" : "estimated",
  };
}

function estimateOne<Row extends NewExecutionRow>(row: Row, prices: PriceList): Row {
  if (row.usage_source === "unknown") return row;
  const cost_usd = prices.costOfRun(usageOf(row, row));
  return cost_usd === undefined ? row : { ...row, cost_usd, cost_source: "estimated" };
}

function estimateModel(row: NewExecutionRow, used: ExecutionModelRow, prices: PriceList): ExecutionModelRow {
  if (used.cost_usd !== null) return used;
  const cost_usd = prices.costOfRun(usageOf(row, used));
  return cost_usd === undefined ? used : { ...used, cost_usd, cost_source: "estimated" };
}

function usageOf(row: NewExecutionRow, used: NewExecutionRow | ExecutionModelRow): PricedUsage {
  const { input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens } = used;
  const hasInput = (input_tokens ?? 0) + (cache_read_tokens ?? 0) + (cache_creation_tokens ?? 0) > 0;
  return {
    provider: used.provider,
    model: used.model,
    serviceTier: serviceTierOf(row.labels),
    atMs: Date.parse(`${row.created_at}Z`),
    // In a row, 0 may stand for a count that nobody gave: every run has some input, and some output.
    inputTokens: hasInput ? (input_tokens ?? 0) : undefined,
    outputTokens: output_tokens || undefined,
    cacheReadTokens: cache_read_tokens,
    cacheCreationTokens: cache_creation_tokens,
  };
}
