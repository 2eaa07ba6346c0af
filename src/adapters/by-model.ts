import type { ModelUsage } from "../record/types";
import { sumOf } from "./read";

/** What several requests used, added up by model and who served it, in the order in which they came. */
export function sumByModel(requests: readonly ModelUsage[]): readonly ModelUsage[] {
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
