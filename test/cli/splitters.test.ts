import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Splitter, splitDocument, splitLines, splitterFor } from "../../src/cli/splitters";

/** What a splitter makes of a text that comes in chunks of this size. */
function split(splitter: Splitter, text: string, chunkSize = text.length || 1): unknown[] {
  const chunks = Array.from({ length: Math.ceil(text.length / chunkSize) }, (_, index) =>
    text.slice(index * chunkSize, (index + 1) * chunkSize),
  );
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()].map(({ line, text }) => [
    line,
    text,
  ]);
}

describe("JSON lines", () => {
  test("come with their numbers; blank lines, CRLF and a byte order mark are no part of them", () => {
    expect(split(splitLines(), '\ufeff{"a":1}\r\n\r\n  \n{"b":2}\r\n{"c"')).toEqual([
      [1, '{"a":1}'],
      [4, '{"b":2}'],
      [5, '{"c"'],
    ]);
  });

  test("are the same in chunks of any size", () => {
    const text = '{"a":1}\n\n{"b":2}\r\n{"c":3}';
    for (let size = 1; size <= text.length; size += 1) {
      expect(split(splitLines(), text, size)).toEqual(split(splitLines(), text));
    }
  });
});

describe("a document", () => {
  test("gives the objects of an array, with the lines where they begin", () => {
    const text = `[\n  {"a": "]},{\\"[", "b": {"c": 1}},\n  {\n    "d": 2\n  }, 17,\n  "text"\n]\n`;
    expect(split(splitDocument(), text)).toEqual([
      [2, '{"a": "]},{\\"[", "b": {"c": 1}}'],
      [3, '{\n    "d": 2\n  }'],
      [5, "17"],
      [6, '"text"'],
    ]);
  });

  test("gives objects that follow one another, and the beginning of one that was cut", () => {
    expect(split(splitDocument(), '{\n"a":1\n}\n{\n"b":"\\\\"\n}{"c":')).toEqual([
      [1, '{\n"a":1\n}'],
      [4, '{\n"b":"\\\\"\n}'],
      [6, '{"c":'],
    ]);
  });

  test("with a brace too many goes on after it", () => {
    expect(split(splitDocument(), '[{"a":1}}, {"b":2}]')).toEqual([
      [1, '{"a":1}'],
      [1, "}"],
      [1, '{"b":2}'],
    ]);
  });

  test("of any objects, in chunks of any size, gives them all", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    const chunkSize = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(fc.array(object), chunkSize, fc.constantFrom(0, 2), (objects, size, indentation) => {
        const inAnArray = JSON.stringify(objects, undefined, indentation);
        const inARow = objects.map((value) => JSON.stringify(value, undefined, indentation)).join("\n");
        for (const text of [inAnArray, inARow]) {
          const texts = split(splitDocument(), text, size).map((found) => (found as [number, string])[1]);
          expect(texts.map((found) => JSON.parse(found))).toEqual(JSON.parse(inAnArray));
        }
      }),
    );
  });
});

test("how a text begins says how to cut it", () => {
  const kindOf = (beginning: string) => splitterFor(beginning)?.push('{\n"a":1}\n').length;
  expect(['{"a":1}\n', "# no JSON\n", "\n\n{}\r\n"].map(kindOf)).toEqual([2, 2, 2]);
  expect(["[", "\ufeff\n [", "{\n", "\ufeff {\r\n"].map(kindOf)).toEqual([1, 1, 1, 1]);
  expect(["", "\n\n", "{", '{"a":'].map(kindOf)).toEqual([undefined, undefined, undefined, undefined]);
});
