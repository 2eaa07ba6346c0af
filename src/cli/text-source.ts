import { isUtf8 } from "node:buffer";
import type { ReadableWritablePair } from "node:stream/web";
import { messageOf } from "../describe";
import { RunledgerError } from "../errors";

/** The content of a chunk of a file. */
export interface TextChunk {
  /** How many bytes of the file were read for it; if compressed, fewer than the text has. */
  readonly bytes: number;
  readonly text: string;
}

const NEWLINE = 10;
const COMPRESSIONS = [
  { format: "gzip", magic: [0x1f, 0x8b] },
  { format: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd] },
] as const;
const SQLITE_MAGIC = Buffer.from("SQLite format 3\0");
/** How many bytes identify a stream's type. */
const TELLING_BYTES = SQLITE_MAGIC.length;

/**
 * The text of a UTF-8 stream, which may be compressed with gzip or zstd. No more than one chunk is in memory.
 *
 * @param name Its name in errors.
 * @throws {RunledgerError} `INVALID_ARGUMENT` for anything but text, for compressed data that is damaged or cut off,
 *   and for a line that is not UTF-8. Everything before it was returned.
 */
export async function* readText(stream: ReadableStream<Uint8Array>, name: string): AsyncGenerator<TextChunk> {
  const text = new StrictText(name);
  for await (const { bytes, chunk } of readChunks(stream, name)) {
    yield { bytes, text: chunk === undefined ? text.end() : text.decode(chunk) };
    text.assertFine();
  }
}

/**
 * Like {@link readText}, for a file that another program may be writing to: invalid UTF-8 becomes U+FFFD.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT` for compressed data that is damaged or cut off.
 */
export async function* readGrowingText(
  stream: ReadableStream<Uint8Array>,
  name: string,
): AsyncGenerator<TextChunk> {
  const decoder = new TextDecoder();
  for await (const { bytes, chunk } of readChunks(stream, name)) {
    yield { bytes, text: decoder.decode(chunk, { stream: chunk !== undefined }) };
  }
}

/** The decompressed chunks, and at the end `undefined`, each with how many bytes were read for it. */
async function* readChunks(stream: ReadableStream<Uint8Array>, name: string) {
  let bytes = 0;
  const counted = stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
    }),
  );
  let told = 0;
  for await (const chunk of decompressed(counted, name)) {
    const read = bytes - told;
    told = bytes;
    yield { bytes: read, chunk };
  }
  yield { bytes: bytes - told, chunk: undefined };
}

async function* decompressed(stream: ReadableStream<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader() as unknown as Reader;
  const beginning = await readBeginning(reader);
  const whole = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(beginning),
    async pull(controller) {
      const { value } = await reader.read();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const compression = compressionOf(beginning);
  if (compression === undefined) {
    yield* whole;
    return;
  }
  const decompression: unknown = new DecompressionStream(compression.format);
  try {
    yield* whole.pipeThrough(decompression as ReadableWritablePair<Uint8Array, Uint8Array>);
  } catch (cause) {
    throw refused(
      `${name} is damaged or cut off: ${compression.format}: ${messageOf(cause)}.`,
      undefined,
      cause,
    );
  }
}

/** The part of a reader that is used, whichever type library declares it. */
interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/** The first bytes: enough to identify the stream's type, or all if it has fewer. */
async function readBeginning(reader: Reader): Promise<Uint8Array> {
  let beginning = Buffer.alloc(0);
  while (beginning.length < TELLING_BYTES) {
    const { value } = await reader.read();
    if (value === undefined) break;
    beginning = Buffer.concat([beginning, value]);
  }
  return beginning;
}

function compressionOf(beginning: Uint8Array) {
  return COMPRESSIONS.find(({ magic }) => magic.every((byte, index) => beginning[index] === byte));
}

/** Decodes UTF-8 and refuses everything else: text in another encoding would be stored garbled. */
class StrictText {
  readonly #name: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #line = 1;
  #isFirst = true;
  #failure: RunledgerError | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** The text up to the first error; {@link assertFine} throws that error. */
  decode(bytes: Uint8Array): string {
    if (this.#isFirst && bytes.length > 0) {
      refuseBinary(bytes, this.#name);
      this.#isFirst = false;
    }
    let text = "";
    // Line by line only after an error, to find the line that it is in.
    for (const part of isUtf8(bytes) ? [bytes] : linesOf(bytes)) {
      text += this.#decodePart(part, true);
      if (this.#failure !== undefined) break;
      for (let at = part.indexOf(NEWLINE); at >= 0; at = part.indexOf(NEWLINE, at + 1)) this.#line += 1;
    }
    return text;
  }

  end(): string {
    return this.#decodePart(new Uint8Array(), false);
  }

  /** @throws {RunledgerError} `INVALID_ARGUMENT`, with the line that is not UTF-8. */
  assertFine(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #decodePart(bytes: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder.decode(bytes, { stream });
    } catch (cause) {
      const message = `${this.#name}:${this.#line}: the line is not UTF-8.`;
      this.#failure = refused(message, "Convert the file, for example with iconv.", cause);
      return "";
    }
  }
}

function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, from);
    const to = end < 0 ? bytes.length : end + 1;
    yield bytes.subarray(from, to);
    from = to;
  }
}

/** @throws {RunledgerError} `INVALID_ARGUMENT` if the beginning shows that a file is neither text nor compressed. */
export function refuseNoText(beginning: Uint8Array, name: string): void {
  if (compressionOf(beginning) === undefined) refuseBinary(beginning, name);
}

function refuseBinary(bytes: Uint8Array, name: string): void {
  const [first, second] = bytes;
  if (SQLITE_MAGIC.equals(bytes.subarray(0, SQLITE_MAGIC.length))) {
    throw refused(
      `${name} is a SQLite database.`,
      `If it is a ledger, export it: runledger export --db ${name}`,
    );
  }
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw refused(`${name} is UTF-16.`, `Convert it: iconv -f UTF-16 -t UTF-8 ${name}`);
  }
  if (bytes.includes(0)) throw refused(`${name} is no text.`, "Records are JSON, as UTF-8.");
}

function refused(message: string, hint: string | undefined, cause?: unknown): RunledgerError {
  return new RunledgerError("INVALID_ARGUMENT", message, { hint, cause });
}
