import { readdirSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

/** Every page of the documentation, by its path from the root. */
export const PAGES: ReadonlyMap<string, string> = new Map(
  await Promise.all(
    [
      "README.md",
      ...readdirSync(join(ROOT, "docs"))
        .sort()
        .map((name) => `docs/${name}`),
    ]
      .filter((path) => path.endsWith(".md"))
      .map(async (path) => [path, await Bun.file(join(ROOT, path)).text()] as const),
  ),
);

/** The text of one page. */
export function pageOf(path: string): string {
  const text = PAGES.get(path);
  if (text === undefined) throw new Error(`there is no page ${path}`);
  return text;
}

/** The fenced blocks of code in one language. */
export function codeBlocks(text: string, language: string): string[] {
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms")),
    ([, code]) => code ?? "",
  );
}

/** The rows of the table whose header begins with `header`. */
export function rowsOf(text: string, header: string): string[] {
  const [, table] = text.split(`| ${header} |`);
  if (table === undefined) throw new Error(`there is no table "${header}"`);
  return table.split("\n\n")[0]?.split("\n").slice(2) ?? [];
}

/** The names in the first column of the table whose header begins with `header`. */
export function namesOf(text: string, header: string): string[] {
  return rowsOf(text, header).flatMap((row) =>
    Array.from(row.split(" | ")[0]?.matchAll(/`([\w-]+)/g) ?? [], ([, name]) => name ?? ""),
  );
}

/** Commands that a page shows after a `$`, and what they print. */
export function shownCommands(text: string): (readonly [command: string, shown: string])[] {
  return Array.from(
    text.matchAll(/^ {4}\$ (.*)\n((?: {4}(?!\$ ).*\n)+)/gm),
    ([, command = "", shown = ""]) => [command, shown.replace(/^ {4}/gm, "")] as const,
  );
}
