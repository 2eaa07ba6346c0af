import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { isSlow } from "../../src/dashboard/questions";
import { createTelemetryStore } from "../../src/ledger/store";
import { DAY_MS } from "../../src/record/time";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { dashboardOn } from "../support/dashboard";
import { tries } from "../support/effort";
import { runCli } from "../support/fake-terminal";
import { makeGoldenLedger } from "../support/golden-ledger";
import { makeEarlier, newPath } from "../support/read-ledgers";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();
const db = join(folder, "golden.db");
makeGoldenLedger(db);
const PERIOD = "since=2026-10-01&until=2026-10-09";

/** What is of the moment of asking. */
const timeless = (report: unknown) =>
  JSON.parse(JSON.stringify(report, (key, value) => (key === "generatedAt" ? "" : value)));

/** The options of the command line that ask the same as the parameters of a URL. */
function toArguments(search: string): string[] {
  return Array.from(new URLSearchParams(search)).flatMap(([name, value]) =>
    value === "1" && /^(failed|exact|forecast)$/.test(name) ? [`--${name}`] : [`--${name}`, value],
  );
}

async function printed(command: readonly string[], search: string): Promise<string> {
  const { out, err } = await runCli([...command, ...toArguments(search), "--db", db, "--json"]);
  expect(err).toBe("");
  return out;
}

describe("answers as the command line prints them:", () => {
  test.each([
    ["report", PERIOD],
    ["report", `${PERIOD}&by=day,model`],
    ["report", `${PERIOD}&by=label:team&sort=executions&limit=1`],
    ["report", `${PERIOD}&by=event-type&exact=1&tz=Europe/Berlin`],
    ["report", `${PERIOD}&repo=lighthouse/beacon&repo=*/keeper&failed=1`],
    ["report", "by=month&forecast=1"],
    ["changes", PERIOD],
    ["changes", `${PERIOD}&compare=2026-09-01&label=team=core`],
  ])("%s %s", async (command, search) => {
    await using dashboard = dashboardOn(db);
    const answer = await dashboard.json(`/api/${command}?${search}`);
    expect(timeless(answer)).toEqual(timeless(JSON.parse(await printed([command], search))));
  });

  const names = {
    repo: ["lighthouse/beacon", "*/keeper", "lighthouse/*"],
    model: ["claude-sonnet-4-5", "claude-*", "none"],
    "event-type": ["pull_request.opened", "*"],
    conclusion: ["success", "error*"],
    label: ["team=core", "team=(none)", "prompt_version=*"],
    pr: ["lighthouse/beacon#41", "lighthouse/*#*", "(none)"],
    session: ["*", "(none)"],
    failed: ["1"],
    tz: ["Europe/Berlin", "Australia/Lord_Howe"],
    since: ["2026-10-01", "2026-10-02T12:00:00Z", "2026-09"],
    until: ["2026-10-06", "2026-10-08T01:30:00+02:00"],
    by: ["day", "repo", "model", "label:team", "pr", "session", "week,conclusion"],
  };
  const search = fc
    .record(
      Object.fromEntries(Object.entries(names).map(([name, values]) => [name, fc.constantFrom(...values)])),
      { requiredKeys: [] },
    )
    .map((parameters) => `${new URLSearchParams(parameters as Record<string, string>)}`);

  test("report, whatever the filter", async () => {
    await using dashboard = dashboardOn(db);
    await fc.assert(
      fc.asyncProperty(search, async (parameters) => {
        const answer = await dashboard.json(`/api/report?${parameters}`);
        expect(timeless(answer)).toEqual(timeless(JSON.parse(await printed(["report"], parameters))));
      }),
      { numRuns: tries(20, 500) },
    );
  });

  test.each(["session", "pr", "repo", "model", "label:team"])("the costliest by %s", async (by) => {
    await using dashboard = dashboardOn(db);
    for (const filter of [PERIOD, "since=2026-09-01&repo=lighthouse/*", `${PERIOD}&label=team=core`]) {
      const report = await dashboard.json(`/api/report?${filter}&by=${by}`);
      const { schema, totals, groups } = await dashboard.json(`/api/costliest?${filter}&by=${by}&limit=2`);
      const fields = ["executions", "usedIn", "failures", "costUsd", "withoutCost"];
      const shown = (usage: object, ...names: string[]) =>
        Object.fromEntries(Object.entries(usage).filter(([name]) => [...fields, ...names].includes(name)));
      expect(schema).toBe("runledger.costliest/1");
      expect(totals).toEqual(shown(report.totals));
      expect(groups).toEqual(report.groups.slice(0, 2).map((group: object) => shown(group, by)));
      expect(groups.length).toBeGreaterThan(0);
    }
  });

  test("executions, page by page", async () => {
    await using dashboard = dashboardOn(db);
    for (const sort of ["", "cost", "tokens"]) {
      const command = sort === "" ? [] : ["--sort", sort];
      const expected = (await printed(["executions", ...command], "")).trimEnd().split("\n");
      const seen: unknown[] = [];
      for (let after: string | null = ""; after !== null; ) {
        const place = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
        const page = await dashboard.json(`/api/executions?limit=3&sort=${sort}${place}`);
        expect(page.schema).toBe("runledger.executions/1");
        seen.push(...page.executions);
        after = page.next;
      }
      expect(seen).toEqual(expected.map((line) => JSON.parse(line)));
    }
  });

  test("executions as a file", async () => {
    await using dashboard = dashboardOn(db);
    const csv = await dashboard.fetch("/api/executions?format=csv&limit=1000");
    expect(csv.headers.get("content-type")).toStartWith("text/csv");
    expect(csv.headers.get("content-disposition")).toBe('attachment; filename="executions.csv"');
    expect(await csv.text()).toBe((await runCli(["executions", "--csv", "--db", db])).out);
    const lines = await dashboard.fetch("/api/executions?format=jsonl&limit=1000");
    expect(await lines.text()).toBe(await printed(["executions"], ""));
  });

  test("one execution", async () => {
    await using dashboard = dashboardOn(db);
    const id = "golden-4";
    expect(await dashboard.json(`/api/executions/${id}`)).toEqual(
      JSON.parse(await printed(["show", id], "")),
    );
  });

  test("incidents, page by page", async () => {
    const place = newPath();
    {
      using store = createTelemetryStore({ dbPath: place });
      for (let number = 0; number < 5; number += 1) {
        store.recordIncident({
          kind: number % 2 === 0 ? "rejected" : "degraded",
          reason: `reason ${number}`,
        });
      }
    }
    await using dashboard = dashboardOn(place);
    const { out } = await runCli(["incidents", "--db", place, "--json"]);
    const expected = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const first = await dashboard.json("/api/incidents?limit=3");
    const second = await dashboard.json(`/api/incidents?limit=3&after=${first.next}`);
    expect([...first.incidents, ...second.incidents]).toEqual(expected);
    expect(second.next).toBeNull();
    expect((await dashboard.json("/api/incidents?kind=degraded")).incidents).toHaveLength(2);
  });

  test("health", async () => {
    await using dashboard = dashboardOn(db);
    const { out } = await runCli(["doctor", "--quick", "--db", db, "--json"]);
    const sizeless = (text: string) => text.replace(/\d[\d.]* (?:B|kB|MB)/g, "SIZE");
    expect(sizeless(JSON.stringify(await dashboard.json("/api/health")))).toBe(
      sizeless(JSON.stringify(JSON.parse(out))),
    );
  });

  test("of a ledger of the earlier design too", async () => {
    await using dashboard = dashboardOn(makeEarlier("WAL"));
    expect((await dashboard.json("/api/report?since=2020-01-01")).totals.executions).toBe(2);
    expect(await (await dashboard.fetch("/metrics")).text()).toContain(
      'runledger_cost_usd_total{provider="anthropic",model="m",conclusion="success"} 0.5\n',
    );
  });
});

describe("what is wrong is an error with a code:", () => {
  test.each([
    ["/api/report?sinc=1", 400, "INVALID_ARGUMENT", "There is no parameter"],
    ["/api/report?by=colour", 400, "INVALID_ARGUMENT", "by: expected one or two of day"],
    ["/api/costliest", 400, "INVALID_ARGUMENT", "by: expected one of day"],
    ["/api/costliest?by=day,repo", 400, "INVALID_ARGUMENT", "by: expected one of day"],
    ["/api/report?since=soon", 400, "INVALID_ARGUMENT", "since: expected"],
    ["/api/report?since=2001-01-01&until=2026-01-01", 400, "INVALID_ARGUMENT", "9131 days apart"],
    ["/api/report?by=ledger", 400, "INVALID_ARGUMENT", "a SQLite file is one ledger"],
    ["/api/report?failed=yes", 400, "INVALID_ARGUMENT", "failed: expected 1 or 0"],
    ["/api/report?pr=42", 400, "INVALID_ARGUMENT", "pullRequest: expected pull requests such as"],
    ["/api/report?ledger=x", 400, "INVALID_ARGUMENT", "a SQLite file is one ledger"],
    ["/api/report?label=team", 400, "INVALID_ARGUMENT", "label: expected"],
    ["/api/executions?limit=1001", 400, "INVALID_ARGUMENT", "limit: expected a whole number from 1 to 1000"],
    ["/api/executions?sort=colour", 400, "INVALID_ARGUMENT", "sort: expected one of cost"],
    ["/api/executions?after=x", 400, "INVALID_ARGUMENT", "after: expected"],
    ["/api/executions/none", 400, "INVALID_ARGUMENT", "There is no execution"],
    ["/api/executions/%E0%A4", 400, "INVALID_ARGUMENT", "There is no execution"],
    ["/api/changes?compare=ever", 400, "INVALID_ARGUMENT", "compare: expected"],
    ["/api/nothing", 404, "NOT_FOUND", "There is no /api/nothing"],
    ["/nothing.js", 404, "NOT_FOUND", "There is no /nothing.js"],
    [`/api/report?repo=${"a".repeat(5_000)}`, 404, "NOT_FOUND", "4096 characters"],
  ])("%.60s", async (path, status, code, message) => {
    await using dashboard = dashboardOn(db);
    const response = await dashboard.fetch(path);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      error: { code, message: expect.stringContaining(message) },
    });
  });

  test("a ledger that is not there, until it is", async () => {
    const place = newPath();
    await using dashboard = dashboardOn(place);
    const missing = await dashboard.fetch("/api/report");
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ error: { code: "LEDGER_NOT_FOUND" } });
    makeGoldenLedger(place);
    expect((await dashboard.json("/api/report?since=2026-01-01")).totals.executions).toBeGreaterThan(0);
  });
});

test.each([
  ["/api/report", "", false],
  ["/api/report", `${PERIOD}&by=day,model&repo=a&failed=1`, false],
  ["/api/report", "since=2026-10-01T00:00:00.000Z", false],
  ["/api/report", "since=2026-10-01T01:00Z", true],
  ["/api/report", "exact=1", true],
  ["/api/report", "label=team=core", true],
  ["/api/report", "pr=o/r%231", true],
  ["/api/report", "session=s", true],
  ["/api/report", "ledger=x", false],
  ["/api/report", "by=repo,pr", true],
  // Of other days there are no sums; what is not by days has the ends of the period cut, and no more.
  ["/api/report", "tz=Europe/Berlin", true],
  ["/api/report", "tz=Europe/Berlin&by=model,week", true],
  ["/api/report", "tz=Europe/Berlin&by=model&forecast=1", true],
  ["/api/report", "tz=Europe/Berlin&by=model", false],
  ["/api/changes", "tz=Europe/Berlin", false],
  ["/api/costliest", "tz=Europe/Berlin&by=repo", false],
  ["/api/costliest", "tz=Europe/Berlin&by=session", true],
  ["/api/executions", "tz=Europe/Berlin", false],
  ["/api/executions", "sort=cost", true],
  ["/api/health", "", true],
  ["/api/incidents", "", false],
] as const)("%s?%s may read every execution: %p", (path, search, expected) => {
  expect(isSlow({ path, search })).toBe(expected);
});

describe("an answer is made once", () => {
  const record = (dbPath: string, ...records: TelemetryRecord[]) => {
    using store = createTelemetryStore({ dbPath });
    store.recordMany(records);
  };

  test("until the ledger changes, or the minute", async () => {
    const place = newPath();
    record(place, executionCompleted());
    let now = Date.now();
    await using dashboard = dashboardOn(place, { now: () => now });
    const first = await dashboard.fetch("/api/report");
    const etag = first.headers.get("etag") ?? "";
    const ask = (path = "/api/report") => dashboard.fetch(path, { headers: { "if-none-match": etag } });
    const unchanged = await ask();
    expect({ status: unchanged.status, text: await unchanged.text() }).toEqual({ status: 304, text: "" });
    expect((await ask("/api/report?failed=1")).status).toBe(200);
    expect(await (await dashboard.fetch("/api/report")).text()).toBe(await first.text());
    expect(dashboard.asked.map(({ search }) => search)).toEqual(["", "failed=1"]);

    const askWith = (tags: string) => dashboard.fetch("/api/report", { headers: { "if-none-match": tags } });
    for (const tags of [`"a", ${etag}`, `${etag},W/"b"`, etag.slice("W/".length), "*", " * "]) {
      expect({ tags, status: (await askWith(tags)).status }).toEqual({ tags, status: 304 });
    }
    for (const tags of ['"a", W/"b"', etag.slice(0, -2), etag.replaceAll('"', ""), "", '"*"']) {
      expect({ tags, status: (await askWith(tags)).status }).toEqual({ tags, status: 200 });
    }

    record(place, executionCompleted());
    const changed = await ask();
    expect(changed.status).toBe(200);
    expect(((await changed.json()) as { totals: object }).totals).toMatchObject({ executions: 2 });
    now += 60_000;
    expect((await dashboard.fetch("/api/report")).headers.get("etag")).not.toBe(changed.headers.get("etag"));
  });

  test("for all who ask at the same time", async () => {
    await using dashboard = dashboardOn(db);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => dashboard.json(`/api/report?${PERIOD}`)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(dashboard.asked).toHaveLength(1);
  });

  test("also when another file takes the ledger's place", async () => {
    const place = newPath();
    record(place, executionCompleted());
    await using dashboard = dashboardOn(place);
    expect((await dashboard.json("/api/report")).totals.executions).toBe(1);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(place + suffix, { force: true });
    record(place, executionCompleted(), executionCompleted());
    expect((await dashboard.json("/api/report")).totals.executions).toBe(2);
  });

  test("and sent compressed to who takes that", async () => {
    await using dashboard = dashboardOn(db);
    const plain = await dashboard.fetch(`/api/report?${PERIOD}`, {
      headers: { "accept-encoding": "gzip;q=0" },
    });
    const packed = await dashboard.fetch(`/api/report?${PERIOD}`, {
      headers: { "accept-encoding": "br, gzip" },
    });
    expect([plain, packed].map(({ headers }) => headers.get("content-encoding"))).toEqual([null, "gzip"]);
    expect(new TextDecoder().decode(Bun.gunzipSync(await packed.arrayBuffer()))).toBe(await plain.text());
  });
});

/** Samples of the metrics, by name and labels. */
function samplesIn(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, key = "", value] = /^(.*) (\S+)$/.exec(line) ?? [];
      return [key, Number(value)];
    }),
  );
}

describe("metrics", () => {
  const place = newPath();
  const hostile = 'say "<img src=x onerror=alert(1)>"\\\nrunledger_executions_total 9';
  const ago = (days: number) => new Date(Date.now() - days * DAY_MS);
  const store = createTelemetryStore({ dbPath: place });
  store.recordMany([
    executionCompleted({ completedAt: ago(40), costUsd: 0.5, durationMs: 1_500, inputTokens: 7 }),
    executionCompleted({ completedAt: ago(1), costUsd: 0.25, durationMs: 500, cacheReadTokens: 3 }),
    executionCompleted({ completedAt: ago(1), costUsd: null, durationMs: null, model: hostile }),
  ]);
  store.recordIncident({ kind: "rejected", reason: "r", count: 4 });
  const sums = () => {
    using database = new Database(place);
    return database
      .query<Record<string, number | string>, []>(
        "SELECT provider, model, conclusion, sum(executions) AS executions, sum(cost_usd) AS cost, sum(input_tokens) AS input, sum(duration_ms) AS ms FROM usage_daily GROUP BY 1, 2, 3",
      )
      .all();
  };
  const metrics = async (search = "") => {
    await using dashboard = dashboardOn(place);
    return (await dashboard.fetch(`/metrics${search}`)).text();
  };

  test("are the sums of usage_daily, before and after a purge", async () => {
    const before = samplesIn(await metrics());
    expect(store.purgeOlderThan(30)).toBe(1);
    const after = samplesIn(await metrics());
    const counters = (samples: Map<string, number>) =>
      [...samples].filter(([name]) => name.includes("model="));
    expect(counters(after)).toEqual(counters(before));
    expect(counters(after)).toHaveLength(2 * 8);
    for (const { provider, model, conclusion, executions, cost, input, ms } of sums()) {
      const name = `${model}`.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
      const labels = `provider="${provider}",model="${name}",conclusion="${conclusion}"`;
      expect(after.get(`runledger_executions_total{${labels}}`)).toBe(Number(executions));
      expect(after.get(`runledger_cost_usd_total{${labels}}`)).toBe(Number(cost));
      expect(after.get(`runledger_tokens_total{${labels},class="input"}`)).toBe(Number(input));
      expect(after.get(`runledger_duration_seconds_sum{${labels}}`)).toBe(Number(ms) / 1_000);
    }
    expect(after.get('runledger_incidents{kind="rejected"}')).toBe(4);
    expect(after.has("runledger_wal_bytes")).toBe(true);
  });

  test("have no line that a name made", async () => {
    const text = await metrics();
    const line =
      /^(?:# (?:HELP|TYPE) runledger_\w+ .*|runledger_\w+(?:\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\})? -?[\d.e+-]+)$/;
    expect(
      text
        .trimEnd()
        .split("\n")
        .filter((one) => !line.test(one)),
    ).toEqual([]);
  });

  test("have repositories only when asked", async () => {
    expect(await metrics()).not.toContain("repo=");
    expect(await metrics("?repo=1")).toContain(',repo="octo-org/octo-repo"}');
  });
});
