import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { forwardOnce } from "../../src/forward/forward-ledger";
import type { ExecutionRow } from "../../src/ledger/schema";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { CHANGE_KEYS, changesReport } from "../../src/report/changes-report";
import type { Ledger } from "../../src/report/database/ledger";
import { openLedger } from "../../src/report/database/open-ledger";
import { executionsOf } from "../../src/report/executions";
import { summaryReport } from "../../src/report/summary-report";
import { type ExecutionFilter, GROUP_KEYS, type GroupKey, type UsageGroup } from "../../src/report/types";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { tries } from "../support/effort";
import { usePostgres } from "../support/postgres";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

// The same executions in a SQLite file and in PostgreSQL: every report and every list must be the same.

const REAL = join(import.meta.dir, "../../../shared/data/executions.jsonl");
const ODD_NAMES = [
  "a[b]c",
  "a.c",
  "a%_c",
  "A.C",
  "\\d+",
  "o/ünï😀",
  "o/a\nb",
  "(x|y)",
  "$^",
  "2026-10-25 00:00:00",
];
const postgres = usePostgres();
const dbPath = join(tempDir(), "ledger.db");
let url = "";

beforeAll(async () => {
  using store = createTelemetryStore({ dbPath });
  store.recordMany([...(await realExecutions()), ...oddExecutions()]);
  url = postgres.url(await postgres.createDatabase());
  await forwardOnce({ from: dbPath, to: url });
});

/** None where the data is absent; those without a time would be of now. */
async function realExecutions(): Promise<TelemetryRecord[]> {
  if (!existsSync(REAL)) return [];
  // One of each few: all of them take a quarter of a minute to be asked everything. Lists need more than a page, of 1,000.
  const every = tries(6, 1);
  const lines = (await Bun.file(REAL).text())
    .split("\n")
    .filter((line, index) => line !== "" && index % every === 0);
  return lines
    .map((line) => JSON.parse(line) as TelemetryRecord)
    .filter(({ completedAt }) => completedAt != null);
}

function oddExecutions(): TelemetryRecord[] {
  const start = Date.parse("2026-10-20T00:00:00Z");
  return Array.from({ length: tries(600, 1_500) }, (_, index) =>
    executionCompleted({
      executionId: `odd-${index}`,
      // 17 minutes and some milliseconds apart, over the end of summer time in Europe.
      completedAt: start + index * 1_033_777,
      repo: ODD_NAMES[index % ODD_NAMES.length] ?? "",
      model: index % 3 === 0 ? "claude-haiku-4-5" : "claude-sonnet-4-5",
      conclusion: index % 7 === 0 ? "failure" : "success",
      durationMs: (index * 7_919) % 100_000,
      cacheReadTokens: 2 ** 40 + index,
      ...(index % 4 !== 0 && { labels: { team: ODD_NAMES[index % 6] ?? "", user: `user ${index % 900}` } }),
      ...(index % 6 === 0 && { prNumber: 7, sessionId: `session ${index % 4}` }),
      ...(index % 13 === 0 && { prNumber: null, sessionId: `session ${index % 4}` }),
      ...(index % 5 === 0 && { costSource: "estimated" as const }),
      ...(index % 11 === 0 && {
        costUsd: null,
        inputTokens: null,
        outputTokens: null,
        cacheReadTokens: null,
      }),
    }),
  );
}

const FILTERS: readonly (readonly [string, ExecutionFilter])[] = [
  ["all", {}],
  ["whole days", { since: "2026-10-22", until: "2026-10-27" }],
  ["cut days", { since: "2026-10-22T13:14:15.678Z", until: "2026-10-27T01:02:03Z" }],
  ["another zone", { since: "2026-10-22", timeZone: "Europe/Berlin" }],
  ["a zone of half an hour", { since: "2026-10-22", until: "2026-10-29", timeZone: "Asia/Kolkata" }],
  ["one repository", { repo: "django/django" }],
  ...[
    "a[b]c",
    "a*c",
    "a?c",
    "A.?",
    "*ü*",
    "*\n*",
    "(*",
    "\\*",
    "$?",
    "a%*",
    "a[*]*",
    "[[]*",
    "2026-10-25 00:00:00",
  ].map((repo) => [`repository ${JSON.stringify(repo)}`, { repo }] as const),
  ["names", { model: "claude-haiku-4-5", conclusion: "failure", provider: "anthropic" }],
  ["several models", { model: ["claude-haiku-4-5", "claude-sonnet-4-5"], since: "2026-10-22T13:14:15Z" }],
  ["a glob of models", { model: "claude-h*" }],
  [
    "several globs and names",
    { repo: ["a[b]c", "o/*", "A.?"], model: ["*haiku*", "GPT*"], conclusion: "f*" },
  ],
  ["several repositories", { repo: ["a.c", "django/django"], until: "2026-10-27T01:02:03Z" }],
  ["a label", { labels: { team: "a[b]c" } }],
  [
    "values of a label, and none",
    { labels: { team: ["A*", "\\d+", "(none)"] }, since: "2026-10-22T13:14:15Z" },
  ],
  ["two labels", { labels: { team: "*.*", user: "user 1*" }, timeZone: "Asia/Kolkata" }],
  ["a label and a name", { labels: { team: "*" }, model: "claude-h*" }],
  ["a pull request", { pullRequest: "a.c#7", since: "2026-10-22T13:14:15Z" }],
  ["pull requests by globs, and none", { pullRequest: ["a[b]c#*", "?.?#7", "(none)"], model: "claude-h*" }],
  ["a session", { session: "session 1" }],
  ["sessions by globs, and none", { session: ["session ?", "(none)"], labels: { team: "*" } }],
  ["a pull request and a session", { pullRequest: "*#*", session: "*1", timeZone: "Asia/Kolkata" }],
  ["nothing", { repo: "there/is-none" }],
];

const KEYS = [...GROUP_KEYS.filter((key) => key !== "ledger"), "label:team", "label:user"] as const;

const EVERY_GROUPING: readonly (readonly GroupKey[])[] = [
  [],
  ...KEYS.map((key) => [key]),
  ["day", "model"],
  ["repo", "month"],
  ["label:team", "week"],
  ["label:team", "model"],
  ["label:user", "label:team"],
];
/** For names and globs, about which all groupings ask alike. */
const SOME_GROUPINGS: typeof EVERY_GROUPING = [[], ["repo"], ["day", "model"]];

/** Every filter, and every grouping, comes with a fifth of the others: all pairs of them take ten seconds. */
const SHARE = tries(5, 1);

describe.each(FILTERS)("%s:", (name, filter) => {
  const place = FILTERS.findIndex(([other]) => other === name);
  const groupings = name.startsWith("repository ")
    ? SOME_GROUPINGS
    : EVERY_GROUPING.filter((_, index) => place === 0 || (index + place) % SHARE === 0);

  test("reports by one key and by two are the same", async () => {
    await using sqlite = await openLedger(dbPath);
    await using server = await openLedger(url);
    for (const by of groupings) {
      const answers = await Promise.all(
        [sqlite, server].map((ledger) => usageReport(ledger, { ...filter, by })),
      );
      const [ofSqlite, ofServer] = answers.map(({ totals, groups, notes, purgedBefore }) => ({
        totals: rounded(totals),
        groups: sorted(groups),
        notes,
        purgedBefore,
      }));
      expect(ofServer).toEqual(ofSqlite as never);
    }
    const summaries = [await summaryReport(sqlite, filter), await summaryReport(server, filter)];
    const [ofSqlite, ofServer] = summaries.map(({ groups }) =>
      Object.entries(groups).map(([key, some]) => [key, sorted(some)]),
    );
    expect(ofServer).toEqual(ofSqlite as never);
  });

  test("executions are the same, in the same order", async () => {
    for (const [failedOnly, options] of [
      [false, { order: "newest", limit: 2_500 }],
      [true, { order: "oldest" }],
    ] as const) {
      const [ofSqlite, ofServer] = [
        await listOf(dbPath, { ...filter, failedOnly }, options),
        await listOf(url, { ...filter, failedOnly }, options),
      ];
      expect(ofServer).toEqual(ofSqlite);
    }
  });
});

test("changes between two periods are the same", async () => {
  await using sqlite = await openLedger(dbPath);
  await using server = await openLedger(url);
  const asked = { since: "2026-10-25T13:14:15Z", until: "2026-10-28", timeZone: "Asia/Kolkata" };
  const [ofSqlite, ofServer] = await Promise.all(
    [sqlite, server].map(async (ledger) => {
      const { before, now, changes, notes, comparedWith } = await changesReport(ledger, asked);
      const inOrder = CHANGE_KEYS.map((key) => sorted(changes[key] as unknown as readonly UsageGroup[]));
      return { before: rounded(before), now: rounded(now), inOrder, notes, comparedWith };
    }),
  );
  expect(ofServer).toEqual(ofSqlite as never);
});

test("by ledger: whose executions they are", async () => {
  const second = join(tempDir(), "second.db");
  using store = createTelemetryStore({ dbPath: second });
  store.record(executionCompleted({ repo: "second/ledger", costUsd: 7, completedAt: Date.UTC(2026, 9, 20) }));
  await forwardOnce({ from: second, to: url });
  await using ledger = await openLedger(url);
  const { groups, totals } = await usageReport(ledger, { by: ["ledger"] });
  expect(groups).toHaveLength(2);
  expect(groups.map(({ executions }) => executions).toSorted((a, b) => a - b)[0]).toBe(1);
  expect(groups.reduce((sum, { executions }) => sum + executions, 0)).toBe(totals.executions);
  for (const by of [
    ["day", "ledger"],
    ["ledger", "repo"],
  ] as const) {
    const report = await usageReport(ledger, { repo: "second/*", since: "2026-10-19T01:00:00Z", by });
    expect(report.groups).toMatchObject([{ executions: 1, costUsd: 7, ledger: expect.any(String) }]);
  }
});

test("of one ledger: what it forwarded, also by days, labels and models; of the others: the rest", async () => {
  await using sqlite = await openLedger(dbPath);
  await using server = await openLedger(url);
  const id = await ledgerIdOf(sqlite);
  const filter = { since: "2026-10-20T03:00:00Z" };
  for (const by of [
    [],
    ["day", "model"],
    ["label:team"],
    ["label:user", "week"],
    ["repo"],
    ["session"],
  ] as const) {
    const [ofSqlite, ofServer] = [
      await usageReport(sqlite, { ...filter, by }),
      await usageReport(server, { ...filter, ledger: id, by }),
    ];
    expect(rounded(ofServer.totals)).toEqual(rounded(ofSqlite.totals));
    expect(sorted(ofServer.groups)).toEqual(sorted(ofSqlite.groups));
    expect(ofServer.notes).toEqual(ofSqlite.notes);
  }
  const labels = { team: ["a*", "(none)"] };
  const [asked, ofServer] = [
    await usageReport(sqlite, { labels, by: ["day"] }),
    await usageReport(server, { labels, ledger: `*${id.slice(-8)}`, by: ["day"] }),
  ];
  expect(sorted(ofServer.groups)).toEqual(sorted(asked.groups));
  expect(ofServer.filter.ledger).toBe(`*${id.slice(-8)}`);
  expect((await usageReport(server, { ledger: "nobody" })).totals.executions).toBe(0);
  const list = { order: "newest", limit: 20 } as const;
  expect(await listOf(url, { ledger: id, repo: "a*" }, list)).toEqual(
    await listOf(dbPath, { repo: "a*" }, list),
  );
});

test("a SQLite file has no ledgers to choose from", async () => {
  await using ledger = await openLedger(dbPath);
  const error = await thrownBy(() => usageReport(ledger, { ledger: "x" }));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(error.message).toBe(
    "Invalid filter: ledger: a SQLite file is one ledger; only PostgreSQL has more. Leave it out.",
  );
  const listing = await thrownBy(() => listOf(dbPath, { ledger: "x" }, { order: "newest" }));
  expect(listing.message).toBe(error.message);
});

async function ledgerIdOf({ db }: Ledger): Promise<string> {
  const fact = db.selectFrom("ledger").select("value").where("key", "=", "id");
  return (await fact.executeTakeFirstOrThrow()).value;
}

async function listOf(
  place: string,
  filter: ExecutionFilter,
  options: Parameters<typeof executionsOf>[2],
): Promise<Omit<ExecutionRow, "id">[]> {
  await using ledger = await openLedger(place);
  const rows: Omit<ExecutionRow, "id">[] = [];
  for await (const page of executionsOf(ledger, filter, options)) {
    rows.push(...page.map(({ id: _, ...row }) => row));
  }
  return rows;
}

/** In an order of their own: groups of the same cost come in the order of its last digits. */
function sorted(groups: readonly UsageGroup[]): object[] {
  const keyOf = (group: UsageGroup) => JSON.stringify([...GROUP_KEYS, ...KEYS].map((key) => group[key]));
  return groups.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).map(rounded);
}

/**
 * What was added up in another order may differ in its last digits: they are rounded away, after a nudge, for many an
 * amount is exactly half of a digit.
 */
function rounded(usage: UsageGroup): object {
  return Object.fromEntries(
    Object.entries(usage).map(([field, value]) => [
      field,
      typeof value === "number" && /Usd$|CostShare$/.test(field)
        ? (value * (1 + 1e-12)).toPrecision(10)
        : value,
    ]),
  );
}
