import { expect, test } from "bun:test";
import { join } from "node:path";
import { toExecutionRow } from "../../src/ledger/row";
import { providerOf } from "../../src/record/provider";

test.each([
  ["claude-sonnet-4-5", "anthropic"],
  ["claude-opus-4-6[1m]", "anthropic"],
  ["anthropic/claude-sonnet-4.5", "anthropic"],
  ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws"],
  ["anthropic.claude-3-haiku-20240307-v1:0", "aws"],
  ["global.anthropic.claude-opus-4-6-v1", "aws"],
  ["amazon.nova-pro-v1:0", "aws"],
  ["arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-v1:0", "aws"],
  ["gpt-5", "openai"],
  ["GPT-5-mini", "openai"],
  ["o3", "openai"],
  ["o4-mini", "openai"],
  ["openai/gpt-5", "openai"],
  ["gemini-2.5-pro", "google"],
  ["models/gemini-3-flash", "google"],
  ["google/gemini-2.5-flash", "google"],
  ["llama-4-maverick", "meta"],
  ["meta-llama/llama-3.3-70b-instruct", "meta"],
  ["mistral-large-latest", "mistral"],
  ["mistralai/mistral-small", "mistral"],
  ["codestral-2508", "mistral"],
  ["deepseek-v3.2", "deepseek"],
  ["deepseek/deepseek-chat", "deepseek"],
  ["grok-4", "x-ai"],
  ["qwen3-coder", "alibaba"],
  ["kimi-k2", "moonshotai"],
  ["o/r", "anthropic"],
  ["opus", "anthropic"],
  ["my-own-model", "anthropic"],
  ["<synthetic>", "anthropic"],
  ["not-gpt-5", "anthropic"],
])("%s is served by %s", (model, provider) => {
  expect(providerOf(model)).toBe(provider);
  expect(providerOf(model)).toBe(provider);
});

test("every example of the documentation is of its provider", async () => {
  const page = await Bun.file(join(import.meta.dir, "../../docs/record.md")).text();
  const [, table = ""] = page.split("## The provider of a model");
  const rows = Array.from(table.matchAll(/^\| `([\w-]+)` \| (.+) \|$/gm), ([, provider, names = ""]) => ({
    provider,
    models: Array.from(names.matchAll(/`([^`]+)`/g), ([, model = ""]) => model),
  }));
  expect(rows.length).toBeGreaterThan(10);
  for (const { provider, models } of rows) {
    for (const model of models)
      expect({ model, provider: providerOf(model) }).toEqual({ model, provider: `${provider}` });
  }
});

test("a provider that is given wins", () => {
  const record = { repo: "o/r", eventType: "push", conclusion: "success", model: "gpt-5" };
  expect(toExecutionRow({ ...record, provider: "azure" }).provider).toBe("azure");
  expect(toExecutionRow(record).provider).toBe("openai");
});
