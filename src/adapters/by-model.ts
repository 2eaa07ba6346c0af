import type { ModelUsage } from "../record/types";
import { contextFields, type RunContext } from "./context";
import { sumOf } from "./read";

/** The fields of a record that its requests and its context tell: of one model, or of each of several. */
export function usageFields(requests: readonly ModelUsage[], context: RunContext) {
  const models = sumByModel(requests);
  const [only, ...others] = models;
  const { model, ...known } = contextFields(context, only?.model);
  return others.length > 0 ? { ...known, models } : { ...known, ...only, model };
}

/** What several requests used, added up by model and provider, in the order in which they came. */
function sumByModel(requests: readonly ModelUsage[]): readonly ModelUsage[] {
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
    };
  });
}

type Count = "inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheCreationTokens";
