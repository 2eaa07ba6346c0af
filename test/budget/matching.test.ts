import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Matching } from "../../src/budget/matching";
import { matcherOf } from "../../src/report/name-pattern";

test("names match globs as SQLite has it", () => {
  using database = new Database(":memory:");
  using glob = database.prepare<{ is: number }, [string, string]>("SELECT ? GLOB ? AS 'is'");
  const text = fc.string({
    unit: fc.constantFrom("a", "B", "*", "?", "[", "]", "\\", "^", "$", ".", "😀", "-", "\n"),
    maxLength: 6,
  });
  fc.assert(
    fc.property(text, text, (name, pattern) => {
      const isGlob = /[*?]/.test(pattern);
      const expected = isGlob ? glob.get(name, pattern.replaceAll("[", "[[]"))?.is === 1 : name === pattern;
      expect(matcherOf(pattern)(name)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});

test("what is remembered is bounded, and right again after it was forgotten", () => {
  const matching = new Matching([{ match: { repo: "octo/*" } }, { each: "repo" }], (slots) => slots);
  for (let n = 0; n < 50_000; n += 1) matching.of({ repo: `other/${n}` });
  expect(matching.of({ repo: "octo/x" })).toEqual([
    { index: 0, value: "" },
    { index: 1, value: "octo/x" },
  ]);
  expect(matching.of({ repo: "other/1" })).toEqual([{ index: 1, value: "other/1" }]);
});

test("what an object inherits is no label", () => {
  const matching = new Matching([{ each: "label:constructor" }], (slots) => slots);
  expect(matching.of({ labels: {} })).toEqual([{ index: 0, value: "(none)" }]);
});
