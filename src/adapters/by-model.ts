import type { PriceList } from "../prices/price-list";
import { withServiceTier } from "../record/labels";
import { providerOf } from "../record/provider";
import { toEpochMs } from "../record/time";
import type { ModelUsage } from "../record/types";
import { contextFields, type RunContext } from "./context";
import { sumOf } from "./read";

/** What one request used, and what else decides its price. */
export interface ModelRequest extends ModelUsage {
  /** When it was answered, in epoch milliseconds. Default: when the run ended. */
  readonly atMs?: number | undefined;
  /** The part of `cacheCreationTokens` that is kept for an hour. Default 0. */
  readonly cacheCreation1hTokens?: number | undefined;
  /** As the provider calls it; `undefined` is the standard one. */
  readonly serviceTier?: string | undefined;
}

/** The fields of a record that its requests and its context tell: of one model, or of each of several. */
export function usageFields(requests: readonly ModelRequest[], context: RunContext) {
  const { prices, ...known } = context;
  const models = sumByModel(prices === undefined ? requests : requests.map(pricedBy(prices, context)));
  const [only, ...others] = models;
  const { model, ...fields } = contextFields(known, only?.model);
  const serviceTier = requests.find((request) => request.serviceTier !== undefined)?.serviceTier;
  const labels = withServiceTier(fields.labels, serviceTier);
  const all = { ...fields, ...(labels != null && { labels }) };
  return others.length > 0 ? { ...all, models } : { ...all, ...only, model };
}

/** What several requests used, added up by model and provider, in the order in which they came. */
function sumByModel(requests: readonly ModelRequest[]): readonly ModelUsage[] {
  const groups = Map.groupBy(requests, ({ provider, model }) => JSON.stringify([provider, model]));
  return [...groups.values()].map((some) => {
    const sum = (name: Count) => sumOf(...some.map((request) => request[name] ?? undefined));
    return {
      model: some[0]?.model ?? "unknown",
      provider: some[0]?.provider,
      inputTokens: sum("inputTokens"),
      outputTokens: sum("outputTokens"),
      cacheReadTokens: sum("cacheReadTokens"),
      cacheCreationTokens: sum("cacheCreationTokens"),
      ...costOf(some),
    };
  });
}

type Count = "inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheCreationTokens";

/** The sum of costs; none where one of them is unknown. */
function costOf(requests: readonly ModelRequest[]): Pick<ModelUsage, "costUsd" | "costSource"> {
  if (requests.some(({ costUsd }) => costUsd == null)) return {};
  const isEstimated = requests.some(({ costSource }) => costSource === "estimated");
  return {
    costUsd: requests.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0),
    ...(isEstimated && { costSource: "estimated" }),
  };
}

function pricedBy(prices: PriceList, { completedAt }: RunContext): (request: ModelRequest) => ModelRequest {
  const endMs = toEpochMs(completedAt ?? Date.now()) ?? Date.now();
  return (request) => {
    if (request.costUsd != null) return request;
    const provider = request.provider ?? providerOf(request.model);
    const costUsd = prices.costOfRequest({ ...request, provider, atMs: request.atMs ?? endMs });
    return costUsd === undefined ? request : { ...request, costUsd, costSource: "estimated" };
  };
}
