import type { NamePattern } from "./report/types";

// The language of patterns: `*` stands for any text, `?` for one character; `[*]`, `[?]` and `[[]` stand for the character
// in the brackets, and all else for itself. SQLite's GLOB has the same, and more.

const TOKENS = /\[([*?[])\]|[*?]|[^*?[]+|\[/gsu;
const IN_BRACKETS = /\[([*?[])\]/g;

/** The names and globs of a pattern; none without one. */
export function namesIn(pattern: NamePattern | undefined): readonly string[] {
  if (pattern === undefined) return [];
  return typeof pattern === "string" ? [pattern] : pattern;
}

/** Whether a name stands for others: `*` for any text, `?` for one character. */
export function isGlob(name: string): boolean {
  return /[*?]/.test(name.replace(IN_BRACKETS, ""));
}

/** The name that one which is no glob stands for. */
export function plainName(name: string): string {
  return name.replace(IN_BRACKETS, "$1");
}

/** What matches one name alone, whatever is in it. */
export function patternOf(name: string): string {
  return name.replace(/[*?]|\[(?=[*?[]\])/g, "[$&]");
}

/** Whether names match a pattern, as the conditions of reports have it in SQL. */
export function matcherOf(pattern: NamePattern): (name: string) => boolean {
  const names = namesIn(pattern);
  const exact = new Set(names.filter((name) => !isGlob(name)).map(plainName));
  const globs = names.filter(isGlob).map((glob) => new RegExp(toRegularExpression(glob, escaped), "su"));
  return (name) => exact.has(name) || globs.some((glob) => glob.test(name));
}

/** A glob as SQLite has it, for which any bracket starts a set of characters. */
export function toSqliteGlob(glob: string): string {
  return glob.replace(/\[[*?[]\]|\[/g, (part) => (part === "[" ? "[[]" : part));
}

/** @param quote Makes a text stand for itself in the regular expression. */
export function toRegularExpression(glob: string, quote: (text: string) => string): string {
  const parts = Array.from(glob.matchAll(TOKENS), ([part, inBrackets = part]) => {
    if (part === "*") return ".*";
    return part === "?" ? "." : quote(inBrackets);
  });
  return `^${parts.join("")}$`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?|()[\]{}/]/g, "\\$&");
}
