import { expect, test } from "bun:test";
import { readRecords } from "../../src/cli/record-source";

async function recordsOf(text: string, chunkBytes = 1 << 20) {
  const bytes = new TextEncoder().encode(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.slice(index * chunkBytes, (index + 1) * chunkBytes),
  );
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const found = await Array.fromAsync(readRecords(stream, "runs.jsonl"));
  return {
    records: found.flatMap(({ records }) => records),
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

const idsOf = ({ records }: Awaited<ReturnType<typeof recordsOf>>) =>
  records.map(({ record }) => (typeof record === "string" ? record : record.executionId));

test("characters that are cut by a chunk are put together again", async () => {
  const text = '{"executionId":"日本語 👾"}\n{"executionId":"é"}';
  for (let size = 1; size < 20; size += 1) {
    const found = await recordsOf(text, size);
    expect(idsOf(found)).toEqual(["日本語 👾", "é"]);
    expect(found.bytes).toBe(Buffer.byteLength(text));
  }
});

test("an identity depends on the content and on how many the same came before, on nothing else", async () => {
  const [first, other, second] = idsOf(await recordsOf('{"repo":"a"}\n{"repo":"b"}\n{ "repo": "a" }\n'));
  expect(new Set([first, other, second]).size).toBe(3);
  expect(idsOf(await recordsOf('[{"repo":"a"},\n{"repo":"a"}]'))).toEqual([first, second]);
  expect(idsOf(await recordsOf('{"repo":"b"}'))).toEqual([other]);
  // For ever: a file that is imported again in years must give the same ones.
  expect(first).toBe("f1e6a0c3-da72-589a-8f0d-0d337c9982d1");
});

test("empty files, and such with space only, have no records", async () => {
  expect((await recordsOf("")).records).toEqual([]);
  expect((await recordsOf("\ufeff\n \n\r\n")).records).toEqual([]);
  expect((await recordsOf("[]")).records).toEqual([]);
});

test("a text without a line break is one record, or one that is none", async () => {
  expect((await recordsOf('{"executionId":"a"}')).records).toEqual([
    { line: 1, record: { executionId: "a" } },
  ]);
  expect((await recordsOf("{", 1)).records).toEqual([{ line: 1, record: "{" }]);
});
