import type { PriceList } from "../prices/price-list";
import { withServiceTier } from "../record/labels";
import { providerOf } from "../record/provider";
import { toEpochMs } from "../record/time";
import type { ModelUsage } from "../record/types";
import { contextFields, type RunContext } from "./context";
import { sumOf } from "./read";

/** What one request used, and anything else that decides its price. */
export interface ModelRequest extends ModelUsage {
  /** When it was answered, in epoch milliseconds. Default: when the run ended. */
  readonly atMs?: number | undefined;
  /** The part of `cacheCreationTokens` that is kept for an hour. Default 0. */
  readonly cacheCreation1hTokens?: number | undefined;
  /** As the provider calls it; `undefined` is the standard tier. */
  readonly serviceTier?: string | undefined;
  /** Whether it is the sum of several requests. Each of them is then priced as a small one. */
  readonly areSeveral?: boolean | undefined;
}

/** The tier of a run whose requests had different tiers. Such a run can't be priced as a whole. */
const MIXED_TIERS = "mixed";

/** The fields of a record that follow from its requests and context, with one model or with `models`. */
export function usageFields(given: readonly ModelRequest[], context: RunContext) {
  const requests = given.map((request) => ({ ...request, provider: request.provider ?? context.provider }));
  const models = sumByModel(pricedBy(context, requests));
  const [only, ...others] = models;
  const { model, ...fields } = contextFields(context, only?.model);
  const labels = withServiceTier(fields.labels, tierOf(requests));
  const all = { ...fields, ...(labels != null && { labels }) };
  return others.length > 0 ? { ...all, models } : { ...all, ...only, model };
}

/**
 * The requests, with a cost estimated from the context's prices if they had none.
 *
 * @param requests Each with its provider; if the result named none, with that of the context.
 */
export function pricedBy<Request extends ModelRequest>(
  { prices, completedAt }: Pick<RunContext, "prices" | "completedAt">,
  requests: readonly Request[],
): readonly Request[] {
  if (prices === undefined) return requests;
  const endMs = toEpochMs(completedAt ?? Date.now()) ?? Date.now();
  return requests.map((request) => {
    if (request.costUsd != null) return request;
    const costUsd = costIn(prices, request, endMs);
    return costUsd === undefined ? request : { ...request, costUsd, costSource: "estimated" };
  });
}

function costIn(prices: PriceList, request: ModelRequest, endMs: number): number | undefined {
  const provider = request.provider ?? providerOf(request.model);
  const usage = { ...request, provider, atMs: request.atMs ?? endMs };
  return request.areSeveral === true ? prices.costOfRun(usage) : prices.costOfRequest(usage);
}

/** The tier that all requests have in common. */
function tierOf(requests: readonly ModelRequest[]): string | undefined {
  const [tier, ...others] = new Set(requests.map(({ serviceTier }) => serviceTier));
  return others.length > 0 ? MIXED_TIERS : tier;
}

/** What several requests used, added up by model and provider, in the order in which they came. */
function sumByModel(requests: readonly ModelRequest[]): readonly ModelUsage[] {
  const groups = Map.groupBy(requests, ({ provider, model }) => JSON.stringify([provider, model]));
  return [...groups.values()].map((some) => ({
    model: some[0]?.model ?? "unknown",
    provider: some[0]?.provider,
    inputTokens: sumOfAll(some.map(({ inputTokens }) => inputTokens)),
    outputTokens: sumOfAll(some.map(({ outputTokens }) => outputTokens)),
    // A request without cache counts did not use the cache.
    cacheReadTokens: sumOf(...some.map(({ cacheReadTokens }) => cacheReadTokens ?? undefined)),
    cacheCreationTokens: sumOf(...some.map(({ cacheCreationTokens }) => cacheCreationTokens ?? undefined)),
    ...costOf(some),
  }));
}

/** The sum; unknown if one of its parts is. */
function sumOfAll(counts: readonly (number | null | undefined)[]): number | undefined {
  return counts.some((count) => count == null) ? undefined : sumOf(...counts.map((count) => count ?? 0));
}

/** The sum of costs; no cost if one of them is unknown. */
function costOf(requests: readonly ModelRequest[]): Pick<ModelUsage, "costUsd" | "costSource"> {
  const costUsd = sumOfAll(requests.map((request) => request.costUsd));
  if (costUsd === undefined) return {};
  const isEstimated = requests.some(({ costSource }) => costSource === "estimated");
  return { costUsd, ...(isEstimated && { costSource: "estimated" }) };
}
