import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Matching } from "../../src/budget/matching";
import { matcherOf, patternOf } from "../../src/name-pattern";
import { tries } from "../support/effort";

const text = fc.string({
  unit: fc.constantFrom(
    "a",
    "B",
    "*",
    "?",
    "[",
    "]",
    "[*]",
    "[?]",
    "[[]",
    "\\",
    "^",
    "$",
    ".",
    "😀",
    "-",
    "\n",
  ),
  maxLength: 6,
});

test("names match globs as SQLite has it, in which a bracket is a set only around what has a meaning itself", () => {
  using database = new Database(":memory:");
  using glob = database.prepare<{ is: number }, [string, string]>("SELECT ? GLOB ? AS 'is'");
  fc.assert(
    fc.property(text, text, (name, pattern) => {
      const expected = glob.get(name, inSqlite(pattern))?.is === 1;
      expect(matcherOf(pattern)(name)).toBe(expected);
    }),
    { numRuns: tries(1_000, 20_000) },
  );
});

/** Any other bracket would begin a set of characters. */
function inSqlite(pattern: string): string {
  let glob = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const three = pattern.slice(at, at + 3);
    const isOne = ["[*]", "[?]", "[[]"].includes(three);
    glob += isOne ? three : pattern[at] === "[" ? "[[]" : pattern[at];
    if (isOne) at += 2;
  }
  return glob;
}

test("the pattern of a name matches it alone", () => {
  fc.assert(
    fc.property(text, text, (name, other) => {
      expect(matcherOf(patternOf(name))(other)).toBe(other === name);
      expect(matcherOf(patternOf(name))(name)).toBe(true);
      expect(matcherOf([`${patternOf(name)}*`])(name + other)).toBe(true);
    }),
    { numRuns: tries(1_000, 20_000) },
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

test("what counts for the same budgets has one answer", () => {
  const matching = new Matching([{ match: { eventType: "pull_*" } }, { each: "repo" }], (slots) => slots);
  const of = (eventType: string, repo = "a") => matching.of({ repo, eventType });
  expect(of("pull_request")).toBe(of("pull_review"));
  expect(of("push")).toBe(of("issues"));
  expect(new Set([of("pull_request"), of("push"), of("push", "b")]).size).toBe(3);
});
