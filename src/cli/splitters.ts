/** A part of a file that should be one record. */
export interface RecordText {
  /** The line where it begins, starting from 1. */
  readonly line: number;
  /** Without surrounding space; not empty. */
  readonly text: string;
}

/** Splits text that arrives in chunks into records; keeps no more than one of them. */
export interface Splitter {
  push(chunk: string): RecordText[];
  /** The rest, at the end of the text. */
  end(): RecordText[];
}

/**
 * Chooses a splitter by the beginning of a text: JSON lines, or one JSON document (an array, or objects over several
 * lines).
 *
 * @returns `undefined` if the beginning is too short to tell.
 */
export function splitterFor(beginning: string): Splitter | undefined {
  const start = beginning.trimStart();
  if (start.startsWith("[")) return splitDocument();
  const lineEnd = start.indexOf("\n");
  if (lineEnd < 0) return undefined;
  return start.slice(0, lineEnd).trim() === "{" ? splitDocument() : splitLines();
}

/** One record per line. An error in one line doesn't affect the next. */
export function splitLines(): Splitter {
  let line = 0;
  let rest = "";
  const toTexts = (lines: readonly string[]): RecordText[] =>
    lines.flatMap((text) => {
      line += 1;
      // `trim` also removes a byte order mark and the \r of CRLF.
      const trimmed = text.trim();
      return trimmed === "" ? [] : [{ line, text: trimmed }];
    });
  return {
    push(chunk) {
      const [first = "", ...others] = chunk.split("\n");
      const lines = [rest + first, ...others];
      rest = lines.pop() ?? "";
      return toTexts(lines);
    },
    end: () => toTexts([rest]),
  };
}

/** The objects of a JSON array, or consecutive objects; each may span several lines. */
export function splitDocument(): Splitter {
  const scan = createScanner();
  let line = 1;
  let begun: { readonly line: number; text: string } | undefined;

  const end = (): RecordText[] => {
    const found = begun === undefined ? [] : [{ line: begun.line, text: begun.text.trim() }];
    begun = undefined;
    return found;
  };
  const push = (chunk: string): RecordText[] => {
    const found: RecordText[] = [];
    let start = 0;
    const finish = (at: number): void => {
      if (begun !== undefined) begun.text += chunk.slice(start, at);
      found.push(...end());
    };
    for (let at = 0; at < chunk.length; at += 1) {
      const character = chunk.charAt(at);
      const place = scan(character);
      if (place === "between") {
        finish(at);
      } else if (begun === undefined) {
        begun = { line, text: "" };
        start = at;
      }
      if (place === "last") finish(at + 1);
      if (character === "\n") line += 1;
    }
    if (begun !== undefined) begun.text += chunk.slice(start);
    return found;
  };
  return { push, end };
}

const BETWEEN_VALUES: ReadonlySet<string> = new Set(["[", "]", ",", " ", "\t", "\r", "\n", "\ufeff"]);

/** Follows JSON character by character: is this one between values, inside one, or the last of an object? */
function createScanner(): (character: string) => "between" | "inside" | "last" {
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  return (character) => {
    if (isInString) {
      if (character === '"' && !isEscaped) isInString = false;
      isEscaped = character === "\\" && !isEscaped;
      return "inside";
    }
    if (depth === 0 && BETWEEN_VALUES.has(character)) return "between";
    if (character === '"') isInString = true;
    if (character === "{") depth += 1;
    if (character === "}") depth -= 1;
    if (depth > 0 || character !== "}") return "inside";
    depth = 0;
    return "last";
  };
}
