const DEFAULT_PROVIDER = "anthropic";

/** Providers by model name; the first match counts. */
const PROVIDERS: readonly (readonly [name: RegExp, provider: string])[] = [
  // Amazon Bedrock: an ARN, or `vendor.model`, often with a region in front.
  [/^arn:aws[\w-]*:bedrock:/, "aws"],
  [
    /^(?:(?:us|us-gov|eu|apac|ap|au|jp|ca|sa|global)\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai)\./,
    "aws",
  ],
  [/^(?:claude|anthropic\/)/, "anthropic"],
  [/^(?:gpt-|chatgpt-|o[1-9](?:$|[-:])|text-embedding-|davinci|codex-|computer-use-|openai\/)/, "openai"],
  [/^(?:models\/)?(?:gemini|gemma)|^google\//, "google"],
  [/^(?:meta-)?llama|^meta(?:-llama)?\//, "meta"],
  [/^(?:mistral|mixtral|codestral|ministral|pixtral|magistral|devstral)/, "mistral"],
  [/^deepseek/, "deepseek"],
  [/^(?:grok|x-ai\/|xai\/)/, "x-ai"],
  [/^(?:qwen|qwq|qvq)/, "alibaba"],
  [/^(?:kimi|moonshot)/, "moonshotai"],
  [/^(?:command-|cohere\/)/, "cohere"],
  [/^(?:glm-|zai\/|z-ai\/)/, "zhipu"],
];

const MOST_NAMES = 1_000;
const known = new Map<string, string>();

/**
 * The provider of a record that names none, inferred from the model's name; `anthropic` for Claude models and for names
 * that give no indication. The table is in docs/record.md.
 */
export function providerOf(model: string): string {
  const remembered = known.get(model);
  if (remembered !== undefined) return remembered;
  const name = model.toLowerCase();
  const provider = PROVIDERS.find(([pattern]) => pattern.test(name))?.[1] ?? DEFAULT_PROVIDER;
  if (known.size < MOST_NAMES) known.set(model, provider);
  return provider;
}
