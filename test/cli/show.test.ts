import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { runCli } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";

const GOLDEN = resolve(import.meta.dir, "../golden");
/** With UPDATE_GOLDEN=1 what is expected becomes what there is: look at the difference before it is committed. */
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";
const PULL_REQUEST = { repo: "octo-org/octo-repo", prNumber: 42 };
const RECORDS: readonly TelemetryRecord[] = [
  {
    ...PULL_REQUEST,
    executionId: "0199f0c2-aaaa",
    eventType: "pull_request.opened",
    conclusion: "success",
    completedAt: "2026-10-01T08:00:00Z",
    durationMs: 84_500,
    numTurns: 11,
    sessionId: "session-19",
    deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    stopReason: "end_turn",
    models: [
      { model: "claude-opus-4-1", inputTokens: 9_000, outputTokens: 2_100, costUsd: 0.2925 },
      {
        model: "claude-haiku-4-5",
        inputTokens: 31_000,
        outputTokens: 800,
        costUsd: 0.035,
        costSource: "estimated",
      },
    ],
  },
  {
    ...PULL_REQUEST,
    executionId: "0199f0c2-bbbb",
    eventType: "issue_comment.created",
    model: "claude-haiku-4-5",
    conclusion: "error_max_turns",
    completedAt: "2026-10-01T09:00:00Z",
    durationMs: 4_500,
    sessionId: "session-19",
    costUsd: 0.01,
  },
  {
    ...PULL_REQUEST,
    executionId: "0199f0c3",
    eventType: "push",
    model: "gpt-5",
    conclusion: "success",
    completedAt: "2026-10-02T09:00:00Z",
  },
  {
    repo: "octo-org/other",
    prNumber: 42,
    executionId: "alone",
    eventType: "push",
    conclusion: "success",
    completedAt: "2026-10-03T09:00:00Z",
    models: [{ model: "a", costUsd: 1 }, { model: "b" }],
  },
];

const db = join(tempDir(), "ledger.db");
{
  using store = createTelemetryStore({ dbPath: db });
  store.recordMany(RECORDS);
}
const show = (...args: string[]) => runCli(["show", ...args, "--db", db], { columns: 100 });

describe("runledger show", () => {
  test.each([60, 80, 120])("prints everything of one execution, in %d columns", async (columns) => {
    const { exitCode, out, err } = await runCli(["show", "0199f0c2-a", "--db", db], { columns });
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    const path = join(GOLDEN, `show.${columns}.txt`);
    if (isUpdate) await Bun.write(path, out);
    expect(out).toBe(await Bun.file(path).text());
  });

  test("has its models, and the others of its session and its pull request, as JSON too", async () => {
    const { out } = await show("0199f0c2-aaaa", "--json");
    expect(JSON.parse(out)).toMatchObject({
      schema: "runledger.execution/1",
      execution: {
        executionId: "0199f0c2-aaaa",
        costUsd: 0.3275,
        costSource: "estimated",
        models: [
          { model: "claude-opus-4-1", costUsd: 0.2925, cacheReadTokens: null },
          { model: "claude-haiku-4-5", costUsd: 0.035, costSource: "estimated" },
        ],
      },
      session: { executions: 1, failures: 1, costUsd: 0.01, latest: [{ executionId: "0199f0c2-bbbb" }] },
      pullRequest: {
        executions: 2,
        failures: 1,
        latest: [{ executionId: "0199f0c3" }, { executionId: "0199f0c2-bbbb" }],
      },
    });
  });

  test("says what is unknown, and of a number in another repository nothing", async () => {
    const { out } = await show("alone");
    expect(out).toContain("cost USD      at least 1.00: a part is unknown\n");
    expect(out).toContain("tokens        –\n");
    expect(out).not.toContain("Pull request ");
    expect(JSON.parse((await show("0199f0c3", "--json")).out).session).toBeNull();
  });

  test("shows times in a zone", async () => {
    expect((await show("alone", "--tz", "Asia/Kolkata")).out).toContain("2026-10-03 14:30:00 (Asia/Kolkata)");
  });

  test.each([
    [
      "0199f0c2",
      "More than one execution begins with 0199f0c2: 0199f0c2-aaaa, 0199f0c2-bbbb. Give more of it.",
    ],
    ["%", "There is no execution whose id is or begins with %."],
    ["", "Invalid execution: id: expected the id of an execution, or how it begins"],
  ])("%p is one line on stderr, and exit code 2", async (id, message) => {
    const { exitCode, out, err } = await show(id);
    expect({ exitCode, out, lines: err.split("\n").length }).toEqual({ exitCode: 2, out: "", lines: 2 });
    expect(err).toContain(message);
  });
});

describe("runledger executions --sort", () => {
  const idsBy = async (...args: string[]) => {
    const { out } = await runCli(["executions", "--json", ...args, "--db", db]);
    return out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).executionId);
  };

  test.each([
    ["cost", ["alone", "0199f0c2-aaaa", "0199f0c2-bbbb", "0199f0c3"]],
    ["duration", ["0199f0c2-aaaa", "0199f0c2-bbbb", "alone", "0199f0c3"]],
    ["tokens", ["0199f0c2-aaaa", "alone", "0199f0c3", "0199f0c2-bbbb"]],
  ])("%s: the highest first, the unknown last", async (amount, ids) => {
    expect(await idsBy("--sort", amount)).toEqual(ids);
    expect(await idsBy("--sort", amount, "--limit", "1")).toEqual(ids.slice(0, 1));
  });

  test("is not for following", async () => {
    const { exitCode, err } = await runCli(["executions", "--sort", "cost", "--follow", "--db", db]);
    expect(exitCode).toBe(2);
    expect(err).toContain("cannot be used with");
  });
});
