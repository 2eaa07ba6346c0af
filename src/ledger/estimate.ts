import type { PricedUsage, PriceList } from "../prices/price-list";
import { serviceTierIn } from "../record/labels";
import type { ExecutionModelRow, NewExecutionRow } from "./schema";

/** How costs are estimated. */
export interface EstimateMode {
  /** Also those that were estimated before. What the list has no price for any more keeps its estimate. */
  readonly isAnew: boolean;
}

/** A row with the costs that nobody reported filled in from a price list, as far as it has them. */
export function estimate<Row extends NewExecutionRow>(
  row: Row,
  prices: PriceList,
  { isAnew }: EstimateMode = { isAnew: false },
): Row {
  if (row.cost_source === "reported" || (row.cost_source === "estimated" && !isAnew)) return row;
  const { models } = row;
  if (models === undefined) return estimateOne(row, prices);
  const estimated = models.map((model) => estimateModel(row, model, prices, isAnew));
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
  const cost_usd = prices.costOfRun(usageOfRun(row));
  return cost_usd === undefined ? row : { ...row, cost_usd, cost_source: "estimated" };
}

function estimateModel(
  row: NewExecutionRow,
  used: ExecutionModelRow,
  prices: PriceList,
  isAnew: boolean,
): ExecutionModelRow {
  if (used.cost_source === "reported" || (used.cost_source === "estimated" && !isAnew)) return used;
  const cost_usd = prices.costOfRun(usageOf(row, used));
  return cost_usd === undefined ? used : { ...used, cost_usd, cost_source: "estimated" };
}

/** In a row, 0 may stand for a count that nobody gave: every run has some input, and some output. */
export function usageOfRun(row: NewExecutionRow): PricedUsage {
  const hasInput = row.input_tokens + row.cache_read_tokens + row.cache_creation_tokens > 0;
  return {
    ...usageOf(row, row),
    inputTokens: hasInput ? row.input_tokens : undefined,
    outputTokens: row.output_tokens || undefined,
  };
}

/** What one of several models of a run used. */
export function usageOf(
  { labels, created_at }: Pick<NewExecutionRow, "labels" | "created_at">,
  used: Omit<ExecutionModelRow, "execution_id" | "cost_usd" | "cost_source">,
): PricedUsage {
  return {
    provider: used.provider,
    model: used.model,
    serviceTier: serviceTierIn(labels),
    atMs: Date.parse(`${created_at}Z`),
    inputTokens: used.input_tokens,
    outputTokens: used.output_tokens,
    cacheReadTokens: used.cache_read_tokens,
    cacheCreationTokens: used.cache_creation_tokens,
  };
}
