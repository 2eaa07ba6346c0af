import { expect, test } from "bun:test";
import { type Line, readLines } from "../../examples/review-bot/lines";
import { createProgress } from "../../examples/review-bot/progress";

async function linesOf(bytes: Uint8Array, chunkBytes: number): Promise<Line[]> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const lines: Line[] = [];
  let total = 0;
  for await (const batch of readLines(stream)) {
    total += batch.bytes;
    lines.push(...batch.lines);
  }
  expect(total).toBe(bytes.length);
  return lines;
}

test.each([1, 2, 3, 5, 1_000])("lines are the same in chunks of %d bytes", async (chunkBytes) => {
  const bytes = new TextEncoder().encode("\uFEFFzwölf\r\n\r\n 🚢\ra\n\nlast");
  expect(await linesOf(bytes, chunkBytes)).toEqual([
    { number: 1, text: "zwölf" },
    { number: 2, text: "" },
    { number: 3, text: " 🚢\ra" },
    { number: 4, text: "" },
    { number: 5, text: "last" },
  ]);
});

test("a line break at the end begins no line", async () => {
  const bytes = new TextEncoder().encode("one\n");
  expect(await linesOf(bytes, 3)).toEqual([{ number: 1, text: "one" }]);
});

test("a character cut off at the end is a line all the same", async () => {
  expect(await linesOf(Uint8Array.of(0x0a, 0xc3), 2)).toEqual([
    { number: 1, text: "" },
    { number: 2, text: "\uFFFD" },
  ]);
});

test("the progress bar is drawn on a terminal and wiped", () => {
  const written: string[] = [];
  const terminal = { isTTY: true, write: (text: string) => written.push(text) };
  const progress = createProgress(200, terminal);
  progress.advance(100);
  progress.end();
  expect(written).toEqual([`\r${"█".repeat(15)}${"░".repeat(15)} 50 %`, "\r\x1b[K"]);
});

test("where the total is unknown, progress is a count", () => {
  const written: string[] = [];
  createProgress(0, { isTTY: true, write: (text) => written.push(text) }).advance(2_500_000);
  expect(written).toEqual(["\r2.5 MB"]);
});

test("there is no progress bar where there is no terminal", () => {
  const written: string[] = [];
  const progress = createProgress(200, { write: (text) => written.push(text) });
  progress.advance(100);
  progress.end();
  expect(written).toEqual([]);
});
