import { expect, test } from "bun:test";
import fc from "fast-check";
import { connected } from "../../src/transcripts/connected";

test("items are in one group when keys lead from one to the other", () => {
  const items = ["a", "b", "cd", "ad", "e"];
  const groups = connected(items, (item) => [...item]).map((group) => group.sort());
  expect(groups.sort()).toEqual([["a", "ad", "cd"], ["b"], ["e"]]);
});

test("each item with a key is in one group, and no two groups share a key", () => {
  const keys = fc.uniqueArray(fc.nat(15).map(String), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 12 }), (lists) => {
      const items = lists.map((list, index) => ({ list, index }));
      const groups = connected(items, ({ list }) => list);
      expect(
        groups
          .flat()
          .map(({ index }) => index)
          .sort((a, b) => a - b),
      ).toEqual(items.map(({ index }) => index));
      const keysOf = groups.map((group) => new Set(group.flatMap(({ list }) => list)));
      const all = keysOf.flatMap((set) => [...set]);
      expect(new Set(all).size).toBe(all.length);
    }),
  );
});
