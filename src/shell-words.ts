const NEEDS_NO_QUOTES = /^[\w./@:+,=-]+$/;

/** Text in single quotes, as a shell takes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A path as one word of a command that is to be copied into a shell. */
export function shellWord(path: string): string {
  return NEEDS_NO_QUOTES.test(path) ? path : quoted(path);
}
