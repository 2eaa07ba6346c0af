import { countOf, type Fields, objectOf, serviceTierOf } from "./read";

/**
 * What a message of Anthropic's API used, by its `usage`. Input doesn't include cached tokens; output includes
 * thinking.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function anthropicTokens(usage: Fields) {
  return {
    inputTokens: countOf(usage["input_tokens"]),
    outputTokens: countOf(usage["output_tokens"]),
    cacheReadTokens: countOf(usage["cache_read_input_tokens"]),
    cacheCreationTokens: countOf(usage["cache_creation_input_tokens"]),
  };
}

/** What in a `usage` decides the price besides the tokens: fast mode, and inference within a country, cost more. */
export function anthropicTerms({ cache_creation, service_tier, speed, inference_geo }: Fields) {
  return {
    cacheCreation1hTokens: countOf(objectOf(cache_creation)["ephemeral_1h_input_tokens"]),
    serviceTier:
      serviceTierOf(speed) ??
      serviceTierOf(service_tier) ??
      (inference_geo === "us" ? "us_inference" : undefined),
  };
}
