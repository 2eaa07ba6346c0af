/** Names that SDKs have for providers, up to their first dot, and ours, where they differ. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ["amazon-bedrock", "aws"],
  ["anthropicAws", "aws"],
  ["azure-openai", "azure"],
  ["bedrock", "aws"],
  ["bedrock-converse", "aws"],
  ["firstParty", "anthropic"],
  ["foundry", "azure"],
  ["google-genai", "google"],
  ["google-vertex", "google"],
  ["google-vertexai", "google"],
  ["googleVertex", "google"],
  ["mantle", "aws"],
  ["vertex", "google"],
  ["xai", "x-ai"],
]);

/** A provider that an SDK names, such as `anthropic.messages`, by our name; `undefined` without one. */
export function providerNamed(name: string | undefined): string | undefined {
  const [first = ""] = name?.split(".") ?? [];
  return first === "" ? undefined : (PROVIDERS.get(first) ?? first);
}
