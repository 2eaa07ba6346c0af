import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { createProgram } from "../../src/cli/run";
import { fakeTerminal } from "../support/fake-terminal";
import { makeReadmeLedger } from "../support/readme-ledger";
import { tempDir } from "../support/temp-dir";

const MAIN = resolve(import.meta.dir, "../../src/cli/main.ts");
const readme = await Bun.file(resolve(import.meta.dir, "../../README.md")).text();
const [, section = ""] = /^## The command line\n(.*?)^## /ms.exec(readme) ?? [];
const program = await createProgram(fakeTerminal(), () => {});

describe("the README", () => {
  test.each(program.commands.map((command) => [command.name(), command] as const))(
    "names %s and its options",
    (name, command) => {
      expect(section).toContain(`| \`${name}`);
      const longs = command.options.map(({ long = "" }) => long);
      expect(longs.filter((long) => !readme.includes(`\`${long}`))).toEqual([]);
    },
  );

  test("names no option that there is not", () => {
    const all = new Set(program.commands.flatMap(({ options }) => options.map(({ long }) => long)));
    const named = Array.from(section.matchAll(/`(?:\w+ )?(--[a-z-]+)/g), ([, option]) => option);
    expect(
      named.filter((option) => !all.has(option) && option !== "--help" && option !== "--version"),
    ).toEqual([]);
  });
});

describe("the README's example", () => {
  const folder = tempDir();
  makeReadmeLedger(folder);
  const examples = Array.from(
    section.matchAll(/^ {4}\$ (.*)\n((?: {4}(?!\$ ).*\n)+)/gm),
    ([, command = "", shown = ""]) => [command, shown.replace(/^ {4}/gm, "")] as const,
  );

  test("is not the only one", () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
  });

  // In their order: what one imports, the next shows.
  test.each(examples)("prints what it shows: %s", async (command, shown) => {
    const script = `runledger() { "${process.execPath}" "${MAIN}" "$@"; }; { ${command}; } 2>&1`;
    const child = Bun.spawn(["bash", "-c", script], {
      cwd: folder,
      env: { ...process.env, COLUMNS: "80", NO_COLOR: "1", TELEMETRY_DB_PATH: "" },
      stdout: "pipe",
    });
    const sizes = /\d[\d.]* (?:B|kB|MB)/g;
    const printed = await new Response(child.stdout).text();
    expect(printed.replace(sizes, "SIZE")).toBe(shown.replace(sizes, "SIZE"));
  });
});
