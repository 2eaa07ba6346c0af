import type { PricedUsage, PriceList } from "../prices/price-list";
import { serviceTierIn } from "../record/labels";
import { dayOf } from "../record/time";
import type { ExecutionModelRow, NewExecutionRow } from "./schema";

/** How costs are estimated. */
export interface EstimateMode {
  /** Whether earlier estimates are replaced. A model that is no longer on the list keeps its estimate. */
  readonly isAnew: boolean;
}

/** The row, with unknown costs estimated if the price list has a price. */
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

/** In a row, 0 may stand for an unknown count: every run has some input and some output. */
export function usageOfRun(row: NewExecutionRow): PricedUsage {
  const hasInput = row.input_tokens + row.cache_read_tokens + row.cache_creation_tokens > 0;
  return {
    provider: row.provider,
    model: row.model,
    serviceTier: serviceTierIn(row.labels),
    atMs: minuteOf(row.created_at),
    inputTokens: hasInput ? row.input_tokens : undefined,
    outputTokens: row.output_tokens || undefined,
    cacheReadTokens: row.cache_read_tokens,
    cacheCreationTokens: row.cache_creation_tokens,
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
    atMs: minuteOf(created_at),
    inputTokens: used.input_tokens,
    outputTokens: used.output_tokens,
    cacheReadTokens: used.cache_read_tokens,
    cacheCreationTokens: used.cache_creation_tokens,
  };
}

let lastDay = "";
let lastDayMs = Number.NaN;

/**
 * A stored time in epoch milliseconds, to the minute: it runs for every row, and prices don't change within a minute.
 */
function minuteOf(ledgerTime: string): number {
  const day = dayOf(ledgerTime);
  if (day !== lastDay) {
    lastDay = day;
    lastDayMs = Date.parse(day);
  }
  return lastDayMs + Number(ledgerTime.slice(11, 13)) * 3_600_000 + Number(ledgerTime.slice(14, 16)) * 60_000;
}
