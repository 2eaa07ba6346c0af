import { providerOf } from "../record/provider";

/** A provider and a model as the price list may call them. Without a provider, it is inferred from the model's name. */
export interface ListedName {
  readonly providerId: string | undefined;
  readonly modelId: string;
}

/** Provider names that differ: ours, and the list's. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ["zhipu", "zai"],
  ["kimi", "moonshotai"],
  ["azure-openai", "azure"],
  ["azure_openai", "azure"],
  ["bedrock", "aws"],
  ["vertex", "google"],
]);

/** What a record without a provider gets, so it may not be the real provider. */
const DEFAULT_PROVIDER = "anthropic";
/** Such as `[1m]`, with which Claude Code asks for a longer context. */
const VARIANT = /\[[^\]]*\]$/;
const ARN = /^arn:aws[\w-]*:bedrock:/;

/**
 * The names that a model may have in the price list; the first one found there counts. Variants are removed, and so are
 * prefixes that only name the provider. Vertex puts a model's version after an `@`.
 */
export function listedNames(provider: string, model: string): readonly ListedName[] {
  const name = model.trim().toLowerCase().replace(VARIANT, "");
  const named = providerOf(name);
  const isDefault = provider === DEFAULT_PROVIDER && named !== "aws" && !name.includes("claude");
  const providerId = ARN.test(name) || named === "aws" ? "aws" : listedProvider(provider);
  const ids = spellings(name);
  const given = ids.map((modelId) => ({ providerId, modelId }));
  // A record without a provider has the default one, so the provider may be inferred from the model's name instead.
  return isDefault ? [...given, ...ids.map((modelId) => ({ providerId: undefined, modelId }))] : given;
}

/** What a provider is called in the list. */
export function listedProvider(provider: string): string {
  const name = provider.toLowerCase();
  return PROVIDERS.get(name) ?? name;
}

/** What Bedrock puts before a name: a region, and the model's maker. */
const IN_FRONT =
  /^(?:(?:us|us-gov|eu|apac|ap|au|jp|ca|sa|global)\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai)\./;
/** What may follow a name: a date, and the version that Bedrock adds. */
const BEHIND = /(?:[-@]20\d{2}-?\d{2}-?\d{2})?(?:-v\d+(?::\d+)?)?$/;

/** A model's name without its provider, date, version and variant. */
export function plainName(model: string): string {
  const name = model.trim().toLowerCase().replace(VARIANT, "");
  return name
    .slice(name.lastIndexOf("/") + 1)
    .replace(IN_FRONT, "")
    .replace(BEHIND, "");
}

function spellings(name: string): readonly string[] {
  const plain = name.slice(name.lastIndexOf("/") + 1);
  return [...new Set([name, plain, plain.replace("@", "-")])];
}
