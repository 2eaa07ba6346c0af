import { Database } from "bun:sqlite";
import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type CompiledQuery, Kysely } from "kysely";
import { BunSqliteDialect } from "kysely-bun-sqlite";
import type { LedgerSchema } from "../../src/ledger/schema";
import { createTelemetryStore } from "../../src/ledger/store";
import type { Ledger } from "../../src/report/database/ledger";
import { executionsOf, newExecutionsOf } from "../../src/report/executions";
import { summaryReport } from "../../src/report/summary-report";
import type { ExecutionFilter } from "../../src/report/types";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { tempDir } from "../support/temp-dir";

// How SQLite finds the rows, which decides how long a report takes on ten million executions.

const dbPath = join(tempDir(), "telemetry.db");
beforeAll(() => {
  using store = createTelemetryStore({ dbPath });
  store.recordMany(
    Array.from({ length: 10_005 }, (_, row) => executionCompleted({ repo: row < 3 ? "o/rare" : "o/common" })),
  );
});

const BY_TIME = "executions USING INDEX idx_executions_created_at";
/** What is dated after today. */
const LATER = "SEARCH executions USING COVERING INDEX idx_executions_created_at (created_at>?)";
const UNADOPTED = "SEARCH executions USING INDEX idx_executions_execution_id (execution_id=?)";
const SORTED = "USE TEMP B-TREE FOR GROUP BY";

const isOfFacts = (sql: string) => sql.includes('as "hasUnadopted"');
const isOfUsage = (sql: string) => /from "(executions|usage_daily)"/.test(sql) && !isOfFacts(sql);

/** The plans of some queries that some reads make; default: all on executions and their sums. */
async function plansOf(
  read: (ledger: Ledger) => Promise<unknown>,
  isAsked: (sql: string) => boolean = isOfUsage,
): Promise<string[]> {
  const queries: CompiledQuery[] = [];
  using database = new Database(dbPath, { readwrite: true, create: false });
  const db = new Kysely<LedgerSchema>({
    dialect: new BunSqliteDialect({ database }),
    log: ({ query }) => void queries.push(query),
  });
  await read({
    db,
    location: dbPath,
    engine: "sqlite",
    hasRollups: true,
    close: async () => {},
    async [Symbol.asyncDispose]() {},
  });
  return queries
    .filter(({ sql }) => isAsked(sql))
    .map(({ sql, parameters }) => {
      using explain = database.prepare<{ detail: string }, string[]>(`EXPLAIN QUERY PLAN ${sql}`);
      return explain
        .all(...(parameters as string[]))
        .map(({ detail }) => detail)
        .join("; ");
    });
}

test("a summary reads the sums of its days in the order in which they are stored, and the latest executions", async () => {
  expect(await plansOf((ledger) => summaryReport(ledger))).toEqual([
    "SEARCH usage_daily USING PRIMARY KEY (day>? AND day<?)",
    `SEARCH ${BY_TIME} (created_at>? AND created_at<?)`,
    LATER,
    // The days before, to tell which are unusual.
    "SEARCH usage_daily USING PRIMARY KEY (day>? AND day<?)",
  ]);
});

test("the totals of all time read no execution but those of the sample", async () => {
  expect(await plansOf((ledger) => usageReport(ledger))).toEqual([
    "SCAN usage_daily",
    `SCAN ${BY_TIME}`,
    LATER,
  ]);
});

test("a cut day is found by its time, also for a common repository", async () => {
  const cut = { since: "2026-01-01T10:00Z", until: "2026-01-03" };
  const between = `SEARCH ${BY_TIME} (created_at>? AND created_at<?)`;
  expect(await plansOf((ledger) => usageReport(ledger, { ...cut, repo: "o/common", by: ["repo"] }))).toEqual([
    "SEARCH executions USING COVERING INDEX idx_executions_repo (repo=?)",
    "SEARCH usage_daily USING PRIMARY KEY (day>? AND day<?)",
    `${between}; ${SORTED}`,
  ]);
});

test("what has to be known of a ledger before is found at once, and so is what no sum has in it yet", async () => {
  const [plan] = await plansOf((ledger) => usageReport(ledger), isOfFacts);
  expect(plan).toContain(
    "SEARCH executions USING COVERING INDEX idx_executions_execution_id (execution_id=?)",
  );
  using database = new Database(dbPath, { readwrite: true, create: false });
  database.run("UPDATE executions SET execution_id = NULL WHERE id = 1");
  const plans = await plansOf((ledger) => usageReport(ledger, { by: ["repo"] }));
  database.run("UPDATE executions SET execution_id = 'known again' WHERE id = 1");
  expect(plans).toContain(`${UNADOPTED}; ${SORTED}`);
});

test("a rare repository is found by its index", async () => {
  const plans = await plansOf((ledger) => usageReport(ledger, { repo: "o/rare" }));
  expect(plans.at(-2)).toStartWith("SEARCH executions USING INDEX idx_executions_repo (repo=?)");
});

test("a pull request of a rare repository is found by its index, one of a common repository is not", async () => {
  const last = async (...pullRequest: readonly string[]) =>
    (await plansOf((ledger) => usageReport(ledger, { pullRequest, since: "2026-01-01" })))
      .filter((plan) => !plan.includes("COVERING"))
      .at(-1);
  expect(await last("o/rare#7")).toStartWith("SEARCH executions USING INDEX idx_executions_repo (repo=?)");
  expect(await last("o/rare#7", "o/none#1")).toContain(
    "SEARCH executions USING INDEX idx_executions_repo (repo=?)",
  );
  expect(await last("o/common#7")).toBe(`SEARCH ${BY_TIME} (created_at>?)`);
});

test("several rare repositories are found by its index, one beside a common one is not", async () => {
  const last = async (...repo: readonly string[]) =>
    (await plansOf((ledger) => usageReport(ledger, { repo }))).at(-2);
  expect(await last("o/rare", "o/none")).toStartWith(
    "SEARCH executions USING INDEX idx_executions_repo (repo=?)",
  );
  expect(await last("o/rare", "o/common")).toBe(`SCAN ${BY_TIME}`);
});

test("days of another zone are found by their time", async () => {
  const filter = { since: "2026-01-01", timeZone: "Asia/Kathmandu", by: ["day", "repo"] } as const;
  const plans = await plansOf((ledger) => usageReport(ledger, filter));
  expect(plans).toContain(`SEARCH ${BY_TIME} (created_at>?); ${SORTED}`);
});

test.each(["newest", "oldest"] as const)(
  "pages of executions, the %s first, need no sorting",
  async (order) => {
    const pages = (filter: ExecutionFilter) => (ledger: Ledger) =>
      Array.fromAsync(executionsOf(ledger, filter, { order, limit: 2_500 }));
    const whole = await plansOf(pages({ repo: "o/common", conclusion: "success" }));
    expect(whole.filter((plan) => plan.includes("TEMP B-TREE"))).toEqual([]);
    expect(new Set(whole.slice(2))).toEqual(
      new Set([`SCAN ${BY_TIME}`, `SEARCH ${BY_TIME} (created_at${order === "newest" ? "<" : ">"}?)`]),
    );
  },
);

test("new executions are found by their numbers", async () => {
  const plans = await plansOf((ledger) =>
    Array.fromAsync(newExecutionsOf(ledger, { since: "2026-01-01", repo: "o/common" }, { afterId: 10_000 })),
  );
  expect(plans.at(-1)).toBe("SEARCH executions USING INTEGER PRIMARY KEY (rowid>?)");
});
