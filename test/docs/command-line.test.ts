import { describe, expect, test } from "bun:test";
import { createProgram } from "../../src/cli/program";
import { commandLine } from "../support/dist";
import { PAGES, pageOf, rowsOf, shownCommands } from "../support/docs";
import { makeDocsLedger } from "../support/docs-ledger";
import { fakeTerminal } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";

const MAIN = commandLine();
const page = pageOf("docs/command-line.md");
const program = await createProgram(fakeTerminal(), () => {});
/** Commands whose options have a page of their own. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  report: "docs/reports.md",
  forward: "docs/forwarding.md",
  dashboard: "docs/dashboard.md",
  budget: "docs/budgets.md",
};

describe("the page of the command line", () => {
  test.each(program.commands.map((command) => [command.name(), command] as const))(
    "names %s and its options",
    (name, command) => {
      expect(rowsOf(page, "command").filter((row) => row.startsWith(`| \`${name}`))).toHaveLength(1);
      const text = page + pageOf(ELSEWHERE[name] ?? "docs/command-line.md");
      const longs = command.options.map(({ long = "" }) => long);
      expect(longs.filter((long) => !new RegExp(`\`(?:\\w+ )?${long}\\b(?!-)`).test(text))).toEqual([]);
    },
  );

  test("names no option that there is not", () => {
    const all = new Set(program.commands.flatMap(({ options }) => options.map(({ long }) => long)));
    const named = Array.from(page.matchAll(/`(?:\w+ )?(--[a-z-]+)/g), ([, option]) => option);
    expect(
      named.filter((option) => !all.has(option) && option !== "--help" && option !== "--version"),
    ).toEqual([]);
  });
});

/** Runs what a page shows after a `$`, in a folder with the ledger and the file that its examples are about. */
async function printedBy(folder: string, command: string): Promise<string> {
  const script = `runledger() { "${process.execPath}" "${MAIN}" "$@"; }; { ${command}; } 2>&1`;
  const child = Bun.spawn(["bash", "-c", script], {
    cwd: folder,
    env: { ...process.env, COLUMNS: "80", NO_COLOR: "1", TELEMETRY_DB_PATH: "" },
    stdout: "pipe",
  });
  return new Response(child.stdout).text();
}

describe.each([
  ["docs/command-line.md", 4],
  ["docs/operations.md", 2],
  ["docs/errors.md", 1],
])("of %s", (path, count) => {
  const folder = tempDir();
  makeDocsLedger(folder);
  const examples = shownCommands(pageOf(path));

  test("every example runs", () => {
    expect(examples).toHaveLength(count);
    expect(examples.filter(([command]) => !command.includes("runledger "))).toEqual([]);
  });

  // In their order: what one imports, the next shows.
  test.each(examples)("prints what it shows: %s", async (command, shown) => {
    const sizes = /\d[\d.]* (?:B|kB|MB)/g;
    expect((await printedBy(folder, command)).replace(sizes, "SIZE")).toBe(shown.replace(sizes, "SIZE"));
  });
});

test("no page shows commands that nothing runs", () => {
  const shown = [...PAGES].flatMap(([path, text]) => shownCommands(text).map(([command]) => [path, command]));
  const heldElsewhere = shown.filter(
    ([path = ""]) =>
      // Those of questions.md are run by test/docs/questions.test.ts.
      !["docs/command-line.md", "docs/operations.md", "docs/errors.md", "docs/questions.md"].includes(path),
  );
  expect(heldElsewhere).toEqual([
    // test/docs/snippets.test.ts
    ["README.md", expect.stringMatching(/^sqlite3 -line /)],
    // test/cli/budget.test.ts
    ["docs/budgets.md", "COLUMNS=100 runledger budget"],
    // It needs a server of that name: what it prints is held by test/forward/command.test.ts.
    ["docs/forwarding.md", expect.stringMatching(/^runledger forward /)],
    // test/docs/reading.test.ts
    ["docs/reading.md", expect.stringMatching(/^sqlite3 /)],
    // test/examples/review-bot.test.ts
    ["docs/reports.md", "runledger report --db ./data/telemetry.db"],
  ]);
});
