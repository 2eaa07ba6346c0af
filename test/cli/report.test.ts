import { afterAll, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { GROUP_KEYS } from "../../src/report/types";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { makeGoldenLedger } from "../support/golden-ledger";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();
const golden = join(folder, "golden.db");
makeGoldenLedger(golden);
beforeAll(() => void setSystemTime(Date.UTC(2026, 9, 29, 12)));
afterAll(() => void setSystemTime());
/** The heading has room, however long the ledger's path is. */
const WIDE = 300;
const PERIOD = ["--since", "2026-10-01", "--until", "2026-10-09"];

function report(...args: readonly string[]) {
  return runCli(["report", "--db", golden, ...PERIOD, ...args], { columns: WIDE });
}

async function jsonOf(...args: readonly string[]) {
  const { exitCode, out, err } = await report(...args, "--json");
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  return JSON.parse(out);
}

describe("JSON", () => {
  test("without --by has the groups by day, and further ones", async () => {
    const json = await jsonOf();
    expect(json).toMatchObject({
      schema: "runledger.report/1",
      by: ["day"],
      totals: { executions: 8, failures: 2, withoutCost: 1, withoutUsage: 1, estimatedCostUsd: 0.185 },
      filter: { since: "2026-10-01T00:00:00.000Z", until: "2026-10-09T00:00:00.000Z", repo: null },
    });
    const executions = (groups: { executions: number }[]) =>
      groups.reduce((sum, group) => sum + group.executions, 0);
    for (const groups of [json.groups, ...Object.values<never>(json.furtherGroups)])
      expect(executions(groups)).toBe(8);
    expect(Object.keys(json.furtherGroups)).toEqual(["repo", "model", "eventType"]);
  });

  test("--by ledger is for PostgreSQL, where there can be more than one", async () => {
    const { exitCode, err } = await report("--by", "ledger");
    expect({ exitCode, lines: err.trimEnd().split("\n") }).toEqual({
      exitCode: 2,
      lines: [expect.stringContaining("only PostgreSQL")],
    });
  });

  const keys = GROUP_KEYS.filter((key) => key !== "ledger").map((key) => [key]);
  test.each(keys)("--by %s: every group has this key", async (key) => {
    const json = await jsonOf("--by", key);
    expect(json.by).toEqual([key]);
    expect(json.groups.length).toBeGreaterThan(0);
    for (const group of json.groups) expect(Object.keys(group)[0]).toBe(key);
    expect(json).not.toHaveProperty("furtherGroups");
  });

  test("takes keys as options are written", async () => {
    expect((await jsonOf("--by", "Event-Type, day")).by).toEqual(["eventType", "day"]);
  });

  test("is cut and sorted only when that is asked for", async () => {
    const names = (json: { groups: { repo: string }[] }) => json.groups.map(({ repo }) => repo);
    expect(names(await jsonOf("--by", "repo"))).toHaveLength(5);
    expect(names(await jsonOf("--by", "repo", "--limit", "2", "--sort", "duration"))).toEqual([
      "lighthouse/beacon",
      "an-organization-with-a-long-name/a-repository-whose-name-is-even-longer-than-that",
    ]);
    const { groups, furtherGroups } = await jsonOf("--limit", "1");
    expect(groups).toMatchObject([{ day: "2026-10-08" }]);
    expect(furtherGroups).toMatchObject({
      repo: [{ repo: "lighthouse/beacon" }],
      model: [{}],
      eventType: [{}],
    });
  });
});

test.each([
  ["--csv", /^day,executions,.*\r\n2026-10-01,2,1,/],
  ["--markdown", /^## Runledger report, 2026-10-01 – 2026-10-08 \(UTC\)\n/],
])("%s is of the summary, and of one table", async (format, beginning) => {
  expect((await report(format)).out).toMatch(beginning);
  expect((await report(format, "--by", "day")).out).toMatch(beginning);
});

test("--label and --by label: are of labels, as often as one likes", async () => {
  const { groups, filter } = await jsonOf(
    "--by",
    "label:team,conclusion",
    "--label",
    "team=c*",
    "team=(none)",
  );
  expect(filter.labels).toEqual({ team: ["c*", "(none)"] });
  expect(groups.map((group: Record<string, unknown>) => group["label:team"])).toEqual(
    expect.arrayContaining(["core", "(none)"]),
  );
  const one = await jsonOf("--label", "team=core", "--label", "prompt_version=review-v3");
  expect(one.filter.labels).toEqual({ team: "core", prompt_version: "review-v3" });
  expect(one.totals.executions).toBe(2);
  expect((await report("--label", "team=core")).out).toContain(".db · team core\n");
});

test("pull requests and sessions filter, by names, globs and none", async () => {
  const db = join(tempDir(), "telemetry.db");
  const execution = (repo: string, prNumber: number | null, sessionId: string | null) =>
    executionCompleted({ repo, prNumber, sessionId, completedAt: Date.parse("2026-10-02T12:00Z") });
  {
    using store = createTelemetryStore({ dbPath: db });
    store.recordMany([
      ...[execution("o/a", 1, "s1"), execution("o/a", 1, "s2"), execution("o/a", 12, "s2")],
      ...[execution("o/b", 1, null), execution("o/a", null, "s1")],
    ]);
  }
  const countOf = async (...args: readonly string[]) => (await jsonOf("--db", db, ...args)).totals.executions;
  expect(await countOf("--pr", "o/a#1")).toBe(2);
  expect(await countOf("--pr", "o/a#1", "o/b#1")).toBe(3);
  expect(await countOf("--pr", "o/a#1*")).toBe(3);
  expect(await countOf("--pr", "*#1", "(none)", "--repo", "o/a")).toBe(3);
  expect(await countOf("--pr", "o/a#1", "--session", "s2")).toBe(1);
  expect(await countOf("--session", "s?")).toBe(4);
  expect(await countOf("--session", "(none)")).toBe(1);
  const { filter, groups } = await jsonOf("--db", db, "--pr", "o/a#1", "--by", "session");
  expect(filter).toMatchObject({ pullRequest: "o/a#1", session: null });
  expect(groups.map(({ session }: { session: string }) => session).sort()).toEqual(["s1", "s2"]);
  const { out } = await runCli(["executions", "--db", db, "--session", "s2", "--pr", "o/a#12", "--json"]);
  expect(out.trimEnd().split("\n")).toHaveLength(1);
  expect((await report("--db", db, "--pr", "o/a#1", "--session", "s*")).out).toContain(
    `.db · pull request o/a#1 · session s*\n`,
  );
  const wrong = await report("--pr", "42");
  expect(wrong).toMatchObject({ exitCode: 2, out: "" });
  expect(wrong.err).toContain("pullRequest: expected pull requests such as octo-org/octo-repo#42, received");
  expect((await report("--ledger", "x")).err).toContain("a SQLite file is one ledger");
});

test("a summary can be sorted, its days too", async () => {
  const { out } = await report("--sort", "failures");
  const days = Array.from(out.matchAll(/^2026-10-(\d\d) /gm), ([, day]) => day);
  expect(days).toEqual(["01", "05", "02", "07", "08"]);
});

test("a filter of several names is an array in JSON, and stands in the heading", async () => {
  const json = await jsonOf(
    "--by",
    "model",
    "--model",
    "claude-*",
    "--repo",
    "lighthouse/beacon",
    "lighthouse/k*",
  );
  expect(json.filter).toMatchObject({ model: "claude-*", repo: ["lighthouse/beacon", "lighthouse/k*"] });
  expect(json.totals.executions).toBe(4);
  const { out } = await report("--repo", "lighthouse/beacon", "lighthouse/k*");
  expect(out.split("\n")[1]).toEndWith(" · repo lighthouse/beacon or lighthouse/k*");
});

test("filters are those of the options", async () => {
  const { totals, filter } = await jsonOf(
    ...["--repo", "lighthouse/*", "--model", "claude-haiku-4-5", "--provider", "anthropic"],
    ...["--event-type", "issue_comment.created", "--conclusion", "neutral", "--tz", "Europe/Berlin"],
  );
  expect(totals.executions).toBe(1);
  expect(filter).toEqual({
    since: "2026-09-30T22:00:00.000Z",
    until: "2026-10-08T22:00:00.000Z",
    repo: "lighthouse/*",
    model: "claude-haiku-4-5",
    provider: "anthropic",
    eventType: "issue_comment.created",
    conclusion: "neutral",
    labels: null,
    pullRequest: null,
    session: null,
    ledger: null,
    failedOnly: false,
    timeZone: "Europe/Berlin",
  });
});

test("days begin where --tz says", async () => {
  const { groups } = await jsonOf("--by", "day", "--tz", "Europe/Berlin", "--repo", "lighthouse/beacon");
  expect(groups.map(({ day, executions }: never) => [day, executions])).toEqual([
    ["2026-10-01", 2],
    ["2026-10-02", 1],
  ]);
});

describe("nothing to report", () => {
  const empty = join(folder, "empty.db");
  createTelemetryStore({ dbPath: empty }).close();

  test.each([
    [
      ["--db", golden, "--since", "2026-10-15"],
      "No executions in this period: 2026-10-15 – 2026-10-29 (UTC). There are 10 executions from 2026-09-30 to 2026-10-09: try --since 2026-09-30\n",
    ],
    [
      ["--db", golden, "--until", "2026-09-01", "--repo", "lighthouse/beacon", "--by", "day"],
      "No executions in this period: until 2026-08-31 (UTC). There are 4 executions from 2026-09-30 to 2026-10-09: try --since 2026-09-30 without --until\n",
    ],
    [
      ["--db", golden, "--since", "2026-10-03", "--repo", "lighthouse/keeper"],
      "No executions in this period: 2026-10-03 – 2026-10-29 (UTC). There are 2 executions on 2026-10-02: try --since 2026-10-02\n",
    ],
    [
      ["--db", golden, "--model", "gpt-6", "--conclusion", "success"],
      `No execution matches. There are 10 executions in ${golden}: leave out --model or --conclusion\n`,
    ],
    [
      ["--db", golden, "--pr", "o/r#1", "--session", "nobody"],
      `No execution matches. There are 10 executions in ${golden}: leave out --pr or --session\n`,
    ],
    [
      ["--db", empty],
      `${empty} holds no executions yet: an application with the telemetry plugin records them, "runledger import FILE" takes them from a file\n`,
    ],
  ])("%p: one line, and what to do", async (args, line) => {
    for (const format of [[], ["--markdown"]]) {
      expect(await runCli(["report", ...args, ...format])).toEqual({ exitCode: 0, out: line, err: "" });
    }
  });

  test("is no span of thousands of years because of one execution", async () => {
    const db = join(folder, "later.db");
    const recordAt = (...times: readonly string[]) => {
      using store = createTelemetryStore({ dbPath: db });
      store.recordMany(times.map((completedAt) => executionCompleted({ completedAt })));
    };
    recordAt("9999-12-31T00:00:00Z");
    const nothing = "No executions in this period: 2026-09-29 – 2026-10-29 (UTC). There";
    expect((await runCli(["report", "--db", db])).out).toBe(
      `${nothing} is 1 execution on 9999-12-31: try --since 9999-12-31\n`,
    );
    expect((await runCli(["report", "--db", db, "--since", "9999-12-31"])).out).toMatch(/^Executions +1 /m);
    recordAt("2026-01-01T00:00:00Z", "2026-02-03T00:00:00Z");
    expect((await runCli(["report", "--db", db])).out).toBe(
      `${nothing} are 2 executions from 2026-01-01 to 2026-02-03, and 1 dated 9999-12-31: try --since 2026-01-01\n`,
    );
    const { out } = await runCli(["report", "--db", db, "--since", "2026-01-01"]);
    expect(out).toStartWith("Runledger report, 2026-01-01 – 2026-10-29 (UTC)\n");
    expect(out).toEndWith("\n1 execution is dated after today, 9999-12-31 (UTC): not in here.\n");
    expect(out).toContain("⋮ 32 days");
  });

  test("is JSON without groups, and CSV without lines", async () => {
    const { out } = await runCli(["report", "--db", empty, "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      groups: [],
      furtherGroups: { repo: [], model: [], eventType: [] },
      totals: { executions: 0, failureRate: null, p50DurationMs: null },
    });
    const csv = await runCli(["report", "--db", empty, "--csv", "--by", "repo"]);
    expect(csv.out).toMatch(/^repo,executions,[^\n]*\r\n$/);
  });
});

test("one execution is a report", async () => {
  const dbPath = join(folder, "one.db");
  const store = createTelemetryStore({ dbPath });
  store.record({ repo: "o/r", eventType: "push", model: "m", conclusion: "success" });
  store.close();
  const { exitCode, out } = await runCli(["report", "--db", dbPath]);
  expect(exitCode).toBe(0);
  expect(out).toContain("1 without cost");
  expect(out).toMatch(/^o\/r +1 +0 /m);
});

describe("called wrongly", () => {
  test.each([
    ["an unknown key", ["--by", "colour"], "colour"],
    ["a key twice", ["--by", "day,day"], "day"],
    ["three keys", ["--by", "day,model,repo"], ""],
    ["an unknown order", ["--sort", "colour"], "colour"],
    ["a limit that is none", ["--limit", "many"], "many"],
    ["two formats", ["--csv", "--markdown"], "--markdown"],
    ["JSON and CSV", ["--json", "--csv"], "--csv"],
    ["--watch with a format", ["--watch", "--csv"], "--watch"],
    ["--watch without a terminal", ["--watch"], "--watch"],
    ["a time that is none", ["--since", "tomorrow"], "tomorrow"],
    ["a zone that is none", ["--tz", "Atlantis"], "Atlantis"],
    ["a label without a value", ["--label", "team"], "team"],
    ["a label that is none", ["--label", "Team=core"], "Team=core"],
    ["a key of a label that is none", ["--by", "label:Team"], "label:Team"],
    ["a pivot of one key", ["--pivot", "--by", "model"], "--pivot"],
    ["a pivot as JSON", ["--pivot", "--by", "repo,model", "--json"], "--pivot"],
    ["an unknown option", ["--colour"], "--colour"],
    ["an argument", ["colour"], "argument"],
  ])("%s: exit code 2, one line on standard error", async (_, args, named) => {
    const { exitCode, out, err } = await report(...args);
    expect({ exitCode, out: out === "" }).toEqual({ exitCode: 2, out: true });
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err.includes("--json") ? err : err.replace("runledger: ", "")).toContain(named);
  });

  test("a ledger that is not there: exit code 1", async () => {
    const { exitCode, err } = await runCli(["report", "--db", join(folder, "missing.db")]);
    expect(exitCode).toBe(1);
    expect(err).toContain("missing.db");
  });
});

test("--help ends with examples that run", async () => {
  const { exitCode, out } = await runCli(["report", "--help"]);
  expect(exitCode).toBe(0);
  const examples = Array.from(out.matchAll(/^ {2}\$ runledger (.+)$/gm), ([, line = ""]) => line);
  expect(examples).toHaveLength(2);
  for (const example of examples) {
    const args = Array.from(example.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? "");
    expect(await runCli([...args, "--db", golden])).toMatchObject({ exitCode: 0, err: "" });
  }
});
