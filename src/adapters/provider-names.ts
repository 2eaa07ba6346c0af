/** Provider names that differ: the SDKs', up to the first dot, and ours. */
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

/** Our name of a provider that an SDK names, such as `anthropic.messages`; `undefined` without a name. */
export function providerNamed(name: string | undefined): string | undefined {
  const [first = ""] = name?.split(".") ?? [];
  return first === "" ? undefined : (PROVIDERS.get(first) ?? first);
}
