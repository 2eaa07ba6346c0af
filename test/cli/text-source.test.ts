import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { readText } from "../../src/cli/text-source";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { countRows, numberOf } from "../support/place";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const folder = tempDir();
let files = 0;

/** A stream that gives the bytes in pieces of this size. */
function streamOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let from = 0;
  return new ReadableStream({
    pull(controller) {
      if (from >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(from, from + size));
      from += size;
    },
  });
}

async function textOf(bytes: Uint8Array, size = 7): Promise<string> {
  const chunks = await Array.fromAsync(readText(streamOf(bytes, size), "runs.jsonl"));
  expect(chunks.reduce((total, chunk) => total + chunk.bytes, 0)).toBe(bytes.length);
  return chunks.map(({ text }) => text).join("");
}

test("any text comes through, plain or compressed, wherever it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), async (text, size) => {
      const content = `{"repo":${JSON.stringify(text)}}\n`;
      for (const bytes of [Buffer.from(content), Bun.gzipSync(content), Bun.zstdCompressSync(content)])
        expect(await textOf(bytes, size)).toBe(content);
    }),
  );
});

test.each([1, 3, 1_000])(
  "a line that is no UTF-8 is refused by its number, in pieces of %d bytes",
  async (size) => {
    const bytes = Buffer.concat([
      Buffer.from('{"a":"é"}\n{"b":1}\n{"c":"'),
      Buffer.from([0xe9]),
      Buffer.from('"}\n'),
    ]);
    const error = await thrownBy(() => textOf(bytes, size));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(error.message).toStartWith("runs.jsonl:3: the line is not UTF-8.");
  },
);

test("a text that ends within a character is refused", async () => {
  const error = await thrownBy(() => textOf(Buffer.from('{"a":"é').subarray(0, -1)));
  expect(error.message).toStartWith("runs.jsonl:1: the line is not UTF-8.");
});

describe("runledger import", () => {
  const RECORDS = Array.from({ length: 3_000 }, (_, number) =>
    JSON.stringify(executionCompleted({ executionId: `run-${number}`, completedAt: "2026-10-01T00:00:00Z" })),
  );
  const content = Buffer.from(`${RECORDS.join("\n")}\n`);

  async function file(bytes: Uint8Array | string): Promise<string> {
    files += 1;
    const path = join(folder, `records-${files}`);
    await Bun.write(path, bytes);
    return path;
  }

  const newLedger = () => join(tempDir(), "telemetry.db");

  test.each([
    ["gzip", Bun.gzipSync(content)],
    ["zstd", Bun.zstdCompressSync(content)],
  ])("takes what is compressed by %s, from a file and from standard input", async (_, bytes) => {
    const db = newLedger();
    const { exitCode, out } = await runCli(["import", await file(bytes), "--db", db]);
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: "3,000 read: 3,000 written, 0 duplicates, 0 rejected\n",
    });
    const input = () => streamOf(bytes, 1_000);
    const again = await runCli(["import", "-", "--db", db], { input });
    expect(again.out).toBe("3,000 read: 0 written, 3,000 duplicates, 0 rejected\n");
  });

  test.each([
    ["gzip", Bun.gzipSync(content)],
    ["zstd", Bun.zstdCompressSync(content)],
  ])("of %s that was cut off stores what came before, and ends with one error", async (format, bytes) => {
    const db = newLedger();
    const path = await file(bytes.subarray(0, bytes.length - 10));
    const { exitCode, err } = await runCli(["import", path, "--db", db]);
    expect(exitCode).toBe(2);
    expect(err).toStartWith(`runledger: ${path} is damaged or cut off: ${format}: `);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(numberOf(db, "SELECT count(*) FROM incidents")).toBe(0);
  });

  test("of a line that is no UTF-8 stores the lines before it", async () => {
    const db = newLedger();
    const path = await file(Buffer.concat([content, Buffer.from([0xff, 10])]));
    const { exitCode, err } = await runCli(["import", path, "--db", db]);
    expect({ exitCode, err }).toEqual({
      exitCode: 2,
      err: `runledger: ${path}:3001: the line is not UTF-8. Convert the file, for example with iconv.\n`,
    });
    expect(countRows(db)).toBe(3_000);
  });

  test.each([
    ["UTF-16", Buffer.from(`\ufeff${content}`, "utf16le"), /is UTF-16\. Convert it: iconv/],
    ["UTF-16 without a byte order mark", Buffer.from(`${content}`, "utf16le"), /is no text\./],
    ["another binary file", Buffer.from([1, 2, 0, 4]), /is no text\./],
  ])("of %s is one error, and writes nothing", async (_, bytes, message) => {
    const db = newLedger();
    const good = await file(content);
    const { exitCode, out, err } = await runCli(["import", good, await file(bytes), "--db", db]);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toMatch(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(await Bun.file(db).exists()).toBe(false);
  });

  test("of a ledger says how to export it", async () => {
    const other = newLedger();
    createTelemetryStore({ dbPath: other }).close();
    const db = newLedger();
    const { exitCode, err } = await runCli(["import", other, "--db", db]);
    expect({ exitCode, err }).toEqual({
      exitCode: 2,
      err: `runledger: ${other} is a SQLite database. If it is a ledger, export it: runledger export --db ${other}\n`,
    });
    expect(await Bun.file(db).exists()).toBe(false);
  });
});
