import { expect, test } from "bun:test";
import fc from "fast-check";
import { toLines } from "../../src/telemetry/batch-lines";

function linesOf(text: string, size: number): string[] {
  const bytes = Buffer.from(toLines({ text, size })).toString();
  const packed = Buffer.from(toLines({ packed: Bun.zstdCompressSync(text), size })).toString();
  expect(packed).toBe(bytes);
  expect([bytes.at(0), bytes.at(-1)]).toEqual(["\n", "\n"]);
  return bytes.slice(1, -1).split("\n");
}

test("the lines of a batch are its records, whatever they contain", () => {
  const tricky = fc.constantFrom('},{"executionId":"', '\\"},{\\"executionId\\":\\"', "\n", "}\n{", "\u2028");
  const text = fc.oneof(fc.string({ unit: "binary" }), tricky);
  const record = fc.record({ executionId: text, repo: text, extra: fc.option(text) });
  const element = fc.oneof(
    { weight: 9, arbitrary: record },
    { weight: 1, arbitrary: fc.oneof(text, fc.jsonValue()) },
  );
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 8 }), (elements) => {
      const lines = linesOf(JSON.stringify(elements), elements.length);
      expect(lines).toHaveLength(elements.length);
      expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(elements)));
    }),
    { numRuns: 2_000 },
  );
});
