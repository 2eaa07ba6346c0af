import { providerOf } from "../record/provider";

/** A provider and a model as the price list may call them. Without a provider, the name of the model has to tell. */
export interface ListedName {
  readonly providerId: string | undefined;
  readonly modelId: string;
}

/** Our names of providers that differ from the list's. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ["zhipu", "zai"],
  ["kimi", "moonshotai"],
  ["azure-openai", "azure"],
  ["azure_openai", "azure"],
  ["bedrock", "aws"],
  ["vertex", "google"],
]);

/** The default of a record, which may be no more than that. */
const DEFAULT_PROVIDER = "anthropic";
/** `[1m]`, by which Claude Code asks for a longer context. */
const VARIANT = /\[[^\]]*\]$/;
const ARN = /^arn:aws[\w-]*:bedrock:/;

/**
 * What a model may be called in the price list; the first that is there counts. Prefixes that tell no more than the
 * provider are left out, and so are variants; the version of a Vertex model may stand behind an `@`.
 */
export function listedNames(provider: string, model: string): readonly ListedName[] {
  const name = model.trim().toLowerCase().replace(VARIANT, "");
  const named = providerOf(name);
  const isDefault = provider === DEFAULT_PROVIDER && named !== "aws" && !name.includes("claude");
  const providerId = ARN.test(name) || named === "aws" ? "aws" : listedProvider(provider);
  const ids = spellings(name);
  const given = ids.map((modelId) => ({ providerId, modelId }));
  // The provider of a record that names none is no knowledge: another one may be inferred from the model's name.
  return isDefault ? [...given, ...ids.map((modelId) => ({ providerId: undefined, modelId }))] : given;
}

/** What a provider is called in the list. */
export function listedProvider(provider: string): string {
  const name = provider.toLowerCase();
  return PROVIDERS.get(name) ?? name;
}

/** What Bedrock puts in front of a name: a region, and who made the model. */
const IN_FRONT =
  /^(?:(?:us|us-gov|eu|apac|ap|au|jp|ca|sa|global)\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai)\./;
/** A date, and the version that Bedrock adds. */
const BEHIND = /(?:[-@]20\d{2}-?\d{2}-?\d{2})?(?:-v\d+(?::\d+)?)?$/;

/** The name of a model without who serves it, its date, its version and its variant. */
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
