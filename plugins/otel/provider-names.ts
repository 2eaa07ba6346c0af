/**
 * The well-known values of `gen_ai.provider.name`, each with the names used in records:
 * https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/gen-ai.md
 * `moonshot_ai` is in docs/gen-ai/gen-ai-metrics.md of semantic-conventions-genai at
 * 2781a13695bc559cab7e722a7b15c6edb15d1534.
 */
export const PROVIDER_NAMES: Readonly<Record<string, readonly string[]>> = {
  anthropic: [],
  "aws.bedrock": ["aws", "bedrock", "amazon", "amazon-bedrock", "aws-bedrock"],
  "azure.ai.inference": ["azure-ai-inference"],
  "azure.ai.openai": ["azure", "azure-openai", "azure.openai"],
  cohere: [],
  deepseek: [],
  "gcp.gemini": ["gemini", "google-ai-studio", "google-genai", "google.generative-ai"],
  // For a Google model whose endpoint is not known.
  "gcp.gen_ai": ["google"],
  "gcp.vertex_ai": ["vertex", "vertexai", "vertex-ai", "google-vertex", "google-vertexai", "google.vertex"],
  groq: [],
  "ibm.watsonx.ai": ["ibm", "watsonx"],
  mistral_ai: ["mistral", "mistralai"],
  moonshot_ai: ["moonshot", "moonshotai"],
  openai: [],
  perplexity: [],
  x_ai: ["x-ai", "xai"],
};

const WELL_KNOWN: ReadonlyMap<string, string> = new Map(
  Object.entries(PROVIDER_NAMES).flatMap(([name, others]) =>
    [name, ...others].map((other) => [other, name] as const),
  ),
);

/** The well-known name of a record's provider; a provider without one keeps its own. */
export function wellKnownProvider(provider: string): string {
  return WELL_KNOWN.get(provider) ?? WELL_KNOWN.get(provider.toLowerCase()) ?? provider;
}
