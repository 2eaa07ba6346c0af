/** One line of a file, without its line break. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** The lines that one chunk of a stream completes. */
export interface Batch {
  readonly bytes: number;
  readonly lines: readonly Line[];
}

/**
 * The lines of a stream of UTF-8, chunk by chunk, so that no more than a chunk is in memory. Takes a byte order
 * mark, CRLF, and a last line without a line break.
 */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<Batch> {
  const decoder = new TextDecoder();
  let number = 0;
  let rest = "";
  const toLine = (text: string): Line => {
    number += 1;
    return { number, text: text.endsWith("\r") ? text.slice(0, -1) : text };
  };

  for await (const chunk of stream) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    const texts = [rest + first, ...others];
    rest = texts.pop() ?? "";
    yield { bytes: chunk.byteLength, lines: texts.map(toLine) };
  }
  rest += decoder.decode();
  if (rest !== "") yield { bytes: 0, lines: [toLine(rest)] };
}
