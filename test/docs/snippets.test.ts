import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { builtPackage } from "../support/dist";
import { codeBlocks, PAGES, pageOf, shownCommands } from "../support/docs";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const SNIPPETS = join(import.meta.dir, "snippets");
/** On the built package, as everything that tests spawn. */
const BUN = [process.execPath, "--tsconfig-override", join(import.meta.dir, "../process/tsconfig.json")];
const snippets = new Map(
  await Promise.all(
    readdirSync(SNIPPETS).map(async (name) => [name, await Bun.file(join(SNIPPETS, name)).text()] as const),
  ),
);

/** Runs snippets one after the other in one folder; what the last one printed. */
async function run(folder: string, ...names: readonly string[]): Promise<string> {
  builtPackage();
  let printed = "";
  for (const name of names) {
    const child = Bun.spawn([...BUN, join(SNIPPETS, name)], {
      cwd: folder,
      env: { ...process.env, TELEMETRY_DB_PATH: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    printed = stdout;
  }
  return printed;
}

test("the documentation's code is test/docs/snippets, word for word", () => {
  const shown = [...PAGES.values()].flatMap((text) => codeBlocks(text, "ts"));
  expect(shown.sort()).toEqual([...snippets.values()].sort());
});

test("the README's first lines do what it shows", async () => {
  const folder = tempDir();
  await run(folder, "quick-start.ts");
  const [command = "", output = ""] = shownCommands(pageOf("README.md"))[0] ?? [];
  const [, query = ""] = /^sqlite3 -line data\/telemetry.db '(.*)'$/.exec(command) ?? [];
  const shown = output
    .trimEnd()
    .split("\n")
    .map((line) => line.split("=").map((part) => part.trim()));
  expect(shown.length).toBeGreaterThan(4);
  const [row = {}] = read(join(folder, "data", "telemetry.db"), query);
  expect(Object.entries(row).map(([column, value]) => [column, `${value}`])).toEqual(shown);
});

test("the record with every field is stored as it is", async () => {
  const folder = tempDir();
  await run(folder, "full-record.ts");
  const dbPath = join(folder, "data", "telemetry.db");
  expect(read(dbPath, "SELECT execution_id, cost_usd, usage_source, cost_source FROM executions")).toEqual([
    { execution_id: "run-7f3a", cost_usd: 0.0412, usage_source: "reported", cost_source: "reported" },
  ]);
  const [row = {}] = read(dbPath, "SELECT * FROM executions");
  expect(Object.keys(row).filter((column) => row[column] === null)).toEqual([]);
  expect(read(dbPath, "SELECT * FROM incidents")).toEqual([]);
});

test("a query of the Claude Agent SDK is recorded with one line", async () => {
  const folder = tempDir();
  const messages = [
    { type: "system", subtype: "init", session_id: "s" },
    {
      type: "result",
      subtype: "success",
      session_id: "s",
      modelUsage: { m: { outputTokens: 5, costUSD: 0.25 } },
    },
  ];
  const script = `const { review } = await import(${JSON.stringify(join(SNIPPETS, "claude.ts"))});
    await review((async function* () { yield* ${JSON.stringify(messages)}; })());`;
  const child = Bun.spawnSync([...BUN, "-e", script], {
    cwd: folder,
    env: { ...process.env, TELEMETRY_DB_PATH: "" },
  });
  expect(`${child.stdout}`).toBe("system\nresult\n");
  expect(
    read(join(folder, "data", "telemetry.db"), "SELECT repo, pr_number, cost_usd FROM executions"),
  ).toEqual([{ repo: "octo-org/octo-repo", pr_number: 42, cost_usd: 0.25 }]);
});

test("the line for the AI SDK runs", async () => {
  expect(await run(tempDir(), "ai-sdk.ts")).toBe("");
});

test("of a run that used several models each model's cost is its own", async () => {
  const folder = tempDir();
  await run(folder, "models.ts");
  const dbPath = join(folder, "data", "telemetry.db");
  expect(read(dbPath, "SELECT model, executions, cost_usd, used_in FROM usage_daily ORDER BY model")).toEqual(
    [
      { model: "claude-haiku-4-5", executions: 0, cost_usd: 0.035, used_in: 1 },
      { model: "claude-opus-4-1", executions: 1, cost_usd: 0.2925, used_in: 1 },
    ],
  );
});

test.each([
  [["plugin-use.ts"], ["1 of 1 written"]],
  [["own-host.ts"], ["1"]],
  [["otel.ts"], ["1 received, 0 sent, 1 without a provider"]],
  [["store.ts"], ["1 written, 1 duplicates"]],
  [["budgets.ts"], ["true all, reviews, one run, each team", "0.41"]],
  [["error.ts"], ["OPEN_FAILED"]],
  [
    ["quick-start.ts", "reading.ts"],
    [
      "1 executions, 0.0412 USD, 0 without cost",
      "claude-sonnet-4-5 0.0412 8450",
      "octo-org/octo-repo success 0.0412",
    ],
  ],
])("%p prints %p", async (names, lines) => {
  expect(await run(tempDir(), ...names)).toBe(lines.map((line) => `${line}\n`).join(""));
});
