import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compare, entriesOf } from "../../bench/price-ratios";

const result = (model: string, costUSD: number, more: object = {}, usage: object = {}) => ({
  usage,
  modelUsage: { [model]: { inputTokens: 1_000_000, outputTokens: 100_000, costUSD, ...more } },
});
const explanationOf = (message: object) => {
  const [entry] = entriesOf(JSON.stringify(message), "x");
  return entry && compare(entry).explanation;
};
const written = { cacheCreationInputTokens: 1_000_000 };

test.each([
  ["list price", result("claude-sonnet-4-5", 4.5)],
  ["list price, and web searches", result("claude-sonnet-4-5", 4.55, { webSearchRequests: 5 })],
  ["list price, with all writes of an hour", result("claude-sonnet-4-5", 10.5, written)],
  [
    "list price, with the writes of an hour that the result tells of",
    result("claude-sonnet-4-5", 9.375, written, { cache_creation: { ephemeral_1h_input_tokens: 500_000 } }),
  ],
  ["list price, with some writes of an hour", result("claude-sonnet-4-5", 9, written)],
  ["another service tier, fast", result("claude-sonnet-4-5", 45, {}, { speed: "fast" })],
  ["reported at the rates of another model, claude-opus-4-5", result("claude-sonnet-4-5", 7.5)],
  ["the list has no such model", result("own-model-7b", 1)],
])("the difference is explained: %s", (explanation, message) => {
  expect(explanationOf(message)).toBe(explanation);
});

test("a difference that nothing explains is none of these", () => {
  expect(explanationOf(result("claude-sonnet-4-5", 4))).toBeUndefined();
});

const REAL = join(import.meta.dir, "../../../shared/data/claude-results.jsonl");

test.skipIf(!existsSync(REAL))(
  "no entry of real results is unexplained (skipped where ../shared/data is absent)",
  async () => {
    const ratios = entriesOf(await Bun.file(REAL).text(), "real").map(compare);
    expect(ratios.filter(({ explanation }) => explanation === undefined)).toEqual([]);
    const counts = Object.groupBy(ratios, ({ ratio }) => ratio?.toFixed(3) ?? "none");
    expect(Object.entries(counts).map(([ratio, same]) => [ratio, same?.length])).toEqual(
      expect.arrayContaining([
        ["1.100", 85],
        ["1.000", 49],
        ["0.600", 11],
      ]),
    );
    expect(ratios).toHaveLength(85 + 49 + 11 + 3);
  },
);
