import { Database } from "bun:sqlite";
import { beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { builtPackage } from "../support/dist";
import { pageOf } from "../support/docs";
import { tempDir } from "../support/temp-dir";

const MAIN = resolve(import.meta.dir, "../../examples/review-bot/main.ts");
/** On the built package, as everything that tests spawn. */
const TSCONFIG = resolve(import.meta.dir, "../process/tsconfig.json");
const EXECUTIONS = resolve(import.meta.dir, "../../../shared/data/executions.jsonl");

const parent = tempDir();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(parent, "review-bot-"));
});

interface Run {
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the command in the test's folder. */
async function reviewBot(run: Run) {
  const bot = start(run);
  const [stdout, stderr, exitCode] = await Promise.all([bot.stdout.text(), bot.stderr.text(), bot.exited]);
  return { stdout, stderr, exitCode };
}

function start({ args = [], stdin = "", env = {} }: Run) {
  const { TELEMETRY_DB_PATH: _, ...inherited } = process.env;
  builtPackage();
  return Bun.spawn([process.execPath, "--tsconfig-override", TSCONFIG, MAIN, ...args], {
    cwd: folder,
    env: { ...inherited, ...env },
    stdin: new TextEncoder().encode(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Of the line that says what became of the events. */
function countsOf(stdout: string) {
  const [, received, written, duplicates, rejected] =
    /^(\d+) received: (\d+) written, (\d+) duplicates, (\d+) rejected$/m.exec(stdout)?.map(Number) ?? [];
  return { received, written, duplicates, rejected };
}

/** The cells of the first line of the report that begins with the label. */
function cellsOf(stdout: string, label: string): string[] {
  const line = stdout.split("\n").find((candidate) => candidate.startsWith(`${label} `)) ?? "";
  return line
    .slice(label.length)
    .trim()
    .split(/\s{2,}/);
}

function query<Row>(dbPath: string, sql: string): Row[] {
  using database = new Database(join(folder, dbPath), { readonly: true });
  return database.query<Row, []>(sql).all();
}

/** 0 also as long as there is no ledger. */
function recordedSoFar(dbPath: string): number {
  try {
    return query<{ n: number }>(dbPath, "select count(*) n from executions")[0]?.n ?? 0;
  } catch {
    return 0;
  }
}

function execution(executionId: string, costUsd: number): string {
  return JSON.stringify({
    executionId,
    repo: "lighthouse/beacon",
    eventType: "pull_request.opened",
    model: "a-model",
    conclusion: "success",
    costUsd,
  });
}

test("without arguments it runs the bundled deliveries into the default ledger, and prints what docs/reports.md shows", async () => {
  const { stdout, stderr, exitCode } = await reviewBot({ env: { COLUMNS: "80" } });
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toContain("stand-in");
  expect(countsOf(stdout)).toEqual({ received: 8, written: 8, duplicates: 0, rejected: 0 });
  expect(stdout).toContain("$ runledger report --db ./data/telemetry.db\n");
  expect(cellsOf(stdout, "claude-sonnet-4-5")[0]).toBe("5");
  expect(cellsOf(stdout, "claude-haiku-4-5")[0]).toBe("3");
  expect(await readdir(join(folder, "data"))).toEqual(["telemetry.db"]);

  const [row] = query<Record<string, number>>(
    "data/telemetry.db",
    "select count(*) executions, round(sum(cost_usd), 4) cost from executions",
  );
  const reported = [cellsOf(stdout, "Executions")[0], cellsOf(stdout, "Cost USD")[0]];
  expect(Object.values(row ?? {})).toEqual(reported.map(Number));

  const [, shown = ""] =
    /^ {4}\$ runledger report .*\n((?: {4}.*\n|\n)+)/m.exec(pageOf("docs/reports.md")) ?? [];
  const lines = shown
    .split("\n")
    .map((line) => line.slice(4))
    .filter((line) => line !== "" && line !== "…");
  expect(lines.length).toBeGreaterThan(5);
  const printed = stdout.split("\n");
  expect(lines.filter((line) => !printed.includes(line))).toEqual([]);
});

test("the bundled deliveries, redelivered, run and cost again; TELEMETRY_DB_PATH names the ledger, and --db goes before it", async () => {
  await reviewBot({ env: { TELEMETRY_DB_PATH: "bot.db" } });
  expect(await readdir(folder)).toEqual(["bot.db"]);
  const { stdout } = await reviewBot({ args: ["--db=bot.db"], env: { TELEMETRY_DB_PATH: "other.db" } });
  expect(await readdir(folder)).toEqual(["bot.db"]);
  expect(countsOf(stdout)).toEqual({ received: 8, written: 8, duplicates: 0, rejected: 0 });
  expect(cellsOf(stdout, "Executions")[0]).toBe("16");
});

test("a budget stops it in mid-list, and it says so; what was spent before today's run counts", async () => {
  const { stdout, stderr, exitCode } = await reviewBot({ args: ["--db", "bot.db", "--budget", "0.25"] });
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const { received = 0, written } = countsOf(stdout);
  expect(received).toBeWithin(1, 8);
  expect(written).toBe(received);
  expect(stdout).toContain(
    `The budget of 0.25 USD a day is spent: ${8 - received} runs refused, in lighthouse/`,
  );
  // The last run may go beyond the limit, as it was asked for when something was left.
  const costs = query<{ usd: number }>("bot.db", "select cost_usd usd from executions order by id");
  const spent = costs.map(({ usd }) => usd);
  const sum = (some: readonly number[]) => some.reduce((total, usd) => total + usd, 0);
  expect(sum(spent)).toBeGreaterThanOrEqual(0.25);
  expect(sum(spent.slice(0, -1))).toBeLessThan(0.25);

  const again = await reviewBot({ args: ["--db", "bot.db", "--budget", "0.25"] });
  expect(countsOf(again.stdout)["received"]).toBe(0);
  expect(again.stdout).toContain("8 runs refused");
});

test("bad lines of a file become incidents with their line numbers; the others are recorded", async () => {
  const lines = [
    `\uFEFF${execution("one", 1.25)}\r`,
    "\r",
    "   ",
    "this is no JSON",
    `${execution("two", 0.5)}\r`,
    '["an", "array"]\r',
    '{"repo":"lighthouse/beacon","note":"no model"}',
    "null",
    execution("last", 0.25),
  ];
  await Bun.write(join(folder, "mixed.jsonl"), lines.join("\n"));

  const { stdout, stderr, exitCode } = await reviewBot({ args: ["mixed.jsonl", "--db", "bot.db"] });
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(countsOf(stdout)).toEqual({ received: 7, written: 3, duplicates: 0, rejected: 4 });
  expect(stdout).toContain("runledger incidents --db bot.db says what was rejected, and why.\n");
  expect(cellsOf(stdout, "Executions")[0]).toBe("3");
  expect(cellsOf(stdout, "Cost USD")[0]).toBe("2.00");
  expect(stdout).toContain("3 without usage");

  const incidents = query<{ payload: string }>("bot.db", "select payload from incidents order by id");
  expect(incidents.map(({ payload }) => JSON.parse(payload))).toMatchObject([
    { line: "mixed.jsonl:4", text: "this is no JSON" },
    { line: "mixed.jsonl:6", text: '["an", "array"]' },
    { line: "mixed.jsonl:7", note: "no model" },
    { line: "mixed.jsonl:8", text: "null" },
  ]);
  expect(
    query<{ execution_id: string }>("bot.db", "select execution_id from executions order by id"),
  ).toEqual([{ execution_id: "one" }, { execution_id: "two" }, { execution_id: "last" }]);
});

test("executions of any age are kept", async () => {
  const old = JSON.stringify({ ...JSON.parse(execution("old", 1)), completedAt: "2001-02-03T04:05:06Z" });
  await Bun.write(join(folder, "old.jsonl"), old);
  await reviewBot({ args: ["old.jsonl", "--db", "bot.db"] });
  const { stdout } = await reviewBot({ args: ["old.jsonl", "--db", "bot.db"] });
  expect(countsOf(stdout)).toEqual({ received: 1, written: 0, duplicates: 1, rejected: 0 });
  expect(query<object>("bot.db", "select created_at from executions")).toEqual([
    { created_at: "2001-02-03 04:05:06.000" },
  ]);
});

test("- is standard input, among files", async () => {
  await Bun.write(join(folder, "file.jsonl"), execution("from a file", 1));
  const stdin = `${execution("from standard input", 2)}\n{"cut in the mid`;
  const { stdout, exitCode } = await reviewBot({ args: ["file.jsonl", "-", "--db", "bot.db"], stdin });
  expect(exitCode).toBe(0);
  expect(countsOf(stdout)).toEqual({ received: 3, written: 2, duplicates: 0, rejected: 1 });
  const [incident] = query<{ payload: string }>("bot.db", "select payload from incidents");
  expect(JSON.parse(incident?.payload ?? "")).toMatchObject({ line: "-:2", text: '{"cut in the mid' });
});

test("a signal ends a long file in an orderly way", async () => {
  const lines = Array.from({ length: 60_000 }, (_, index) => `${execution(`run-${index}`, 0.01)}\n`);
  await Bun.write(join(folder, "long.jsonl"), lines.join(""));
  const bot = start({ args: ["long.jsonl", "--db", "bot.db"] });
  while (recordedSoFar("bot.db") === 0) await Bun.sleep(5);
  bot.kill("SIGTERM");
  expect(await bot.exited).toBe(128 + 15);
  expect(await bot.stderr.text()).toBe("");
  expect(await readdir(folder)).not.toContain("bot.db-wal");
  expect(recordedSoFar("bot.db")).toBeWithin(1, lines.length);
});

test("an empty file leaves an empty ledger", async () => {
  await Bun.write(join(folder, "empty.jsonl"), "");
  const { stdout, exitCode } = await reviewBot({ args: ["empty.jsonl", "--db", "bot.db"] });
  expect(exitCode).toBe(0);
  expect(countsOf(stdout)).toEqual({ received: 0, written: 0, duplicates: 0, rejected: 0 });
  expect(stdout).toContain("bot.db holds no executions yet");
});

test("--help prints the usage and makes no ledger", async () => {
  const { stdout, exitCode } = await reviewBot({ args: ["--help"] });
  expect(exitCode).toBe(0);
  expect(stdout).toStartWith("Usage: ");
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ["an unknown flag", ["--nonsense"], "--nonsense"],
  ["--db without a value", ["--db"], "--db"],
  ["--db with an empty value", ["--db="], "--db"],
  ["--db before another flag", ["--db", "--help"], "--db"],
  ["a budget that is no amount", ["--budget", "much"], "--budget"],
  ["a missing file", ["--db", "bot.db", "missing.jsonl"], "missing.jsonl"],
  ["a missing file after standard input", ["--db", "bot.db", "-", "missing.jsonl"], "missing.jsonl"],
  ["a folder", ["--db", "bot.db", "."], "."],
])("%s: exit code 2, one line on stderr, nothing recorded", async (_, args, named) => {
  const { stdout, stderr, exitCode } = await reviewBot({ args, stdin: execution("one", 1) });
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  expect(stderr).toMatch(/^review-bot: .+\n$/);
  expect(stderr).toContain(named);
  expect(await readdir(folder)).toEqual([]);
});

test("a ledger that can't be opened: exit code 1, one line on stderr", async () => {
  await Bun.write(
    join(folder, "notes.txt"),
    "this is no database, but longer than the header of one. ".repeat(20),
  );
  const { stdout, stderr, exitCode } = await reviewBot({ args: ["--db", "notes.txt"] });
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
  expect(stderr).toMatch(/^review-bot: .*notes\.txt.*\n$/);
});

test.skipIf(!existsSync(EXECUTIONS))(
  "5,924 real executions, twice (skipped where ../shared/data is absent)",
  async () => {
    const args = [EXECUTIONS, "--db", "real.db"];
    const first = await reviewBot({ args });
    expect(countsOf(first.stdout)).toEqual({ received: 5924, written: 5924, duplicates: 0, rejected: 0 });
    const second = await reviewBot({ args });
    expect(countsOf(second.stdout)).toEqual({ received: 5924, written: 0, duplicates: 5924, rejected: 0 });

    for (const { stdout, stderr, exitCode } of [first, second]) {
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      expect(cellsOf(stdout, "Executions")[0]).toBe("5,924");
      expect(cellsOf(stdout, "Cost USD")[0]).toBe("1,837.64");
    }
    expect(
      query<object>("real.db", "select count(*) n, round(sum(cost_usd), 4) cost from executions"),
    ).toEqual([{ n: 5924, cost: 1837.6422 }]);
    expect(query<object>("real.db", "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
  },
  30_000,
);
