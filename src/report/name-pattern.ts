import type { NamePattern } from "./types";

/** The names and globs of a pattern; none without one. */
export function namesIn(pattern: NamePattern | undefined): readonly string[] {
  if (pattern === undefined) return [];
  return typeof pattern === "string" ? [pattern] : pattern;
}

/** Whether a name stands for others: `*` for any text, `?` for one character. */
export function isGlob(name: string): boolean {
  return /[*?]/.test(name);
}

/** Whether names match a pattern, as the conditions of reports have it in SQL. */
export function matcherOf(pattern: NamePattern): (name: string) => boolean {
  const names = namesIn(pattern);
  const exact = new Set(names.filter((name) => !isGlob(name)));
  const globs = names.filter(isGlob).map(toRegularExpression);
  return (name) => exact.has(name) || globs.some((glob) => glob.test(name));
}

function toRegularExpression(glob: string): RegExp {
  const parts = Array.from(glob.matchAll(/[*?]|[^*?]+/gsu), ([part]) => {
    if (part === "*") return ".*";
    return part === "?" ? "." : part.replace(/[\\^$.|+()[\]{}/]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "su");
}
