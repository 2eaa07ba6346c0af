import { RunledgerError } from "../errors";
import { type ExtractedUsage, type GenaiPrices, loadPrices, type Provider } from "../prices/genai-prices";
import { listedProvider } from "../prices/model-names";
import type { TelemetryRecord } from "../record/types";
import { anthropicTerms } from "./anthropic-usage";
import { usageFields } from "./by-model";
import type { RunContext } from "./context";
import { tokenFields } from "./inclusive-usage";
import { countOf, type Fields, notA, objectOf, serviceTierOf, textOf } from "./read";

/** How {@link fromProviderResponse} reads a response. */
export interface ProviderResponseOptions {
  /** The provider's API, as the package calls it, such as `chat`. Default: the first one that finds usage. */
  readonly apiFlavor?: string | undefined;
}

/**
 * The record of a response of any provider that the optional package `@pydantic/genai-prices` knows, such as `groq`,
 * `mistral` or `cohere`. `body` is the parsed JSON. The conclusion is `success`; a response has no cost.
 *
 * @param provider Name of the provider; the `provider` of the record.
 * @throws {RunledgerError} `MISSING_PACKAGE`; `INVALID_ARGUMENT` for a provider that the package does not know;
 *   `INVALID_RECORD` for a body without usage.
 */
export function fromProviderResponse(
  provider: string,
  body: object,
  context: RunContext,
  { apiFlavor }: ProviderResponseOptions = {},
): TelemetryRecord {
  const list = loadPrices();
  const found = list.findProvider({ providerId: listedProvider(provider) });
  const flavors = apiFlavor === undefined ? flavorsOf(found) : [apiFlavor];
  if (found === undefined || flavors.length === 0) throw unreadable(provider);
  const { model, usage } = extract(list, found, body, flavors);
  const request = {
    model: model ?? context.model ?? "unknown",
    provider,
    serviceTier: tierOf(objectOf(body)),
    cacheCreation1hTokens: countOf(usage["cache_write_1h_tokens"]),
    ...tokenFields({
      input: countOf(usage["input_tokens"]),
      read: countOf(usage["cache_read_tokens"]),
      written: countOf(usage["cache_write_tokens"]),
      output: countOf(usage["output_tokens"]),
    }),
  };
  return {
    ...usageFields([request], context),
    conclusion: "success",
    executionId: textOf(objectOf(body)["id"]),
  };
}

/** The service tier, where OpenAI and compatible services put it, or where Anthropic does. */
function tierOf({ service_tier, usage }: Fields): string | undefined {
  return serviceTierOf(service_tier) ?? anthropicTerms(objectOf(usage)).serviceTier;
}

function flavorsOf(provider: Provider | undefined): readonly string[] {
  return provider?.extractors?.map(({ api_flavor }) => api_flavor) ?? [];
}

function extract(
  list: GenaiPrices,
  provider: Provider,
  body: object,
  flavors: readonly string[],
): ExtractedUsage {
  for (const flavor of flavors) {
    try {
      return list.extractUsage(provider, body, flavor);
    } catch {
      // The response isn't of this API: try the provider's next one.
    }
  }
  throw notA(
    `a response of ${provider.name} with usage`,
    body,
    `Its APIs are ${flavorsOf(provider).join(", ")}.`,
  );
}

function unreadable(provider: string): RunledgerError {
  return new RunledgerError(
    "INVALID_ARGUMENT",
    `@pydantic/genai-prices can't read responses of the provider ${JSON.stringify(provider)}.`,
  );
}
