import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/fake-terminal";
import { read } from "../support/ledger";
import { newPath } from "../support/read-ledgers";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();

const result = (uuid: string, session_id: string, costUSD: number) => ({
  type: "result",
  subtype: "success",
  is_error: false,
  uuid,
  session_id,
  result: "it is\ndone",
  modelUsage: { "claude-opus-4-6": { inputTokens: 1, outputTokens: 9, costUSD } },
});
const first = result("u1", "s1", 0.5);
const second = result("u2", "s1", 0.75);
const other = result("u3", "s2", 0.25);

async function importOf(text: string, ...options: readonly string[]) {
  const file = join(folder, `${crypto.randomUUID()}.log`);
  writeFileSync(file, text);
  const db = newPath();
  const args = ["import", "--from", "claude", file, "--db", db, "--repo", "o/r", ...options];
  return { db, args, ...(await runCli(args)) };
}

const costsIn = (db: string) =>
  read<{ usd: number }>(db, "SELECT cost_usd AS usd FROM executions ORDER BY execution_id").map(
    ({ usd }) => usd,
  );

const lines = (...messages: readonly unknown[]) =>
  messages.map((message) => `${JSON.stringify(message)}\n`).join("");

test.each([
  ["lines", lines(first, second, other)],
  ["an array", JSON.stringify([first, second, other])],
  [
    "pretty-printed",
    [first, second, other].map((message) => JSON.stringify(message, undefined, 2)).join("\n"),
  ],
  ["with a byte order mark and CRLF", `\ufeff${lines(first, second, other).replaceAll("\n", "\r\n")}`],
  [
    "within a log",
    `starting\n${lines({ type: "system", subtype: "init", session_id: "s1", tools: [] })}[12:00] ${lines(first)}{"cut": \n${lines(
      { type: "assistant", message: { id: "m", model: "m", usage: {} } },
      second,
      other,
    )}done\n`,
  ],
])("results %s become executions, those of one session as running totals", async (_, text) => {
  const { db, args, exitCode, err, out } = await importOf(
    text,
    "--event-type",
    "push",
    "--label",
    "team=core",
  );
  expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
  expect(out).toStartWith("3 read: 3 written, 0 duplicates, 0 rejected\n");
  expect(costsIn(db)).toEqual([0.5, 0.25, 0.25]);
  expect(read(db, "SELECT DISTINCT repo, event_type, labels, session_id FROM executions")).toMatchObject([
    { repo: "o/r", event_type: "push", labels: '{"team":"core"}', session_id: "s1" },
    { session_id: "s2" },
  ]);
  expect((await runCli(args)).out).toStartWith("3 read: 0 written, 3 duplicates, 0 rejected\n");
});

test("a result that was cut is rejected, and kept; the whole one is taken the next time", async () => {
  const cut = lines(first).slice(0, -20);
  const { db, exitCode, err } = await importOf(`${lines(other)}${cut}`);
  expect(exitCode).toBe(1);
  expect(err).toContain("expected an object");
  expect(costsIn(db)).toEqual([0.25]);
  expect(read(db, "SELECT kind FROM incidents")).toEqual([{ kind: "rejected" }]);
});

test("what is no result is no record", async () => {
  const { out, exitCode } = await importOf(lines({ type: "error", error_type: "x" }, { type: "user" }, 7));
  expect({ out, exitCode }).toEqual({ out: "0 read: 0 written, 0 duplicates, 0 rejected\n", exitCode: 0 });
});

test("without a repository it is refused", async () => {
  const { exitCode, err } = await runCli(["import", "--from", "claude", "x.log"]);
  expect({ exitCode, err }).toEqual({
    exitCode: 2,
    err: "runledger: --from: a result doesn't say of which repository it is. Name it with --repo.\n",
  });
});

const REAL = join(import.meta.dir, "../../../shared/data/claude-results.jsonl");

test.skipIf(!existsSync(REAL))(
  "134 of 135 real lines are results (skipped where ../shared/data is absent)",
  async () => {
    const db = newPath();
    const { out } = await runCli(["import", "--from", "claude", REAL, "--repo", "o/r", "--db", db]);
    expect(out).toStartWith("134 read: 134 written, 0 duplicates, 0 rejected\n");
    expect(costsIn(db).reduce((sum, usd) => sum + usd, 0)).toBeCloseTo(153.22022125, 6);
  },
);
