import type { NamePattern } from "./report/types";

// The pattern language: `*` stands for any text, `?` for one character; `[*]`, `[?]` and `[[]` stand for the character
// in the brackets, and everything else for itself. SQLite's GLOB has these too, and more.

const TOKENS = /\[([*?[])\]|[*?]|[^*?[]+|\[/gsu;
const IN_BRACKETS = /\[([*?[])\]/g;

/** The names and globs of a pattern; none if it is undefined. */
export function namesIn(pattern: NamePattern | undefined): readonly string[] {
  if (pattern === undefined) return [];
  return typeof pattern === "string" ? [pattern] : pattern;
}

/** Whether a name is a glob: `*` stands for any text, `?` for one character. */
export function isGlob(name: string): boolean {
  return /[*?]/.test(name.replace(IN_BRACKETS, ""));
}

/** The name that an exact pattern stands for, without its brackets. */
export function plainName(name: string): string {
  return name.replace(IN_BRACKETS, "$1");
}

/** The pattern that matches only this name, whatever characters it has. */
export function patternOf(name: string): string {
  return name.replace(/[*?]|\[(?=[*?[]\])/g, "[$&]");
}

/**
 * Makes a function that tells whether a name matches a pattern, with the same result as the reports' SQL conditions.
 */
export function matcherOf(pattern: NamePattern): (name: string) => boolean {
  const names = namesIn(pattern);
  const exact = new Set(names.filter((name) => !isGlob(name)).map(plainName));
  const globs = names.filter(isGlob).map((glob) => new RegExp(toRegularExpression(glob, escaped), "su"));
  return (name) => exact.has(name) || globs.some((glob) => glob.test(name));
}

/** Converts a glob for SQLite, where any bracket starts a set of characters. */
export function toSqliteGlob(glob: string): string {
  return glob.replace(/\[[*?[]\]|\[/g, (part) => (part === "[" ? "[[]" : part));
}

/** @param quote Escapes a text so that it stands for itself in the regular expression. */
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
