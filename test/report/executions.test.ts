import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ExecutionRow } from "../../src/ledger/schema";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { openLedger } from "../../src/report/database/open-ledger";
import {
  type ExecutionsOptions,
  executionsOf,
  lastExecutionId,
  newExecutionsOf,
  placeOf,
} from "../../src/report/executions";
import type { ExecutionFilter } from "../../src/report/types";
import { executionCompleted } from "../../src/testing";
import { EARLIER_DESIGN, EARLIER_INSERT } from "../support/ledger";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const START = Date.parse("2026-01-01T00:00:00Z");
const dir = tempDir();

/** 2,500 executions in no order of time, many of them at the same; every tenth failed, every thousandth is rare. */
const RECORDS = Array.from(
  { length: 2_500 },
  (_, index): TelemetryRecord => ({
    ...executionCompleted(),
    completedAt: START + ((index * 7_919) % 997) * 1_000,
    executionId: `${index}`,
    repo: index % 1_000 === 0 ? "o/rare" : `o/r${index % 3}`,
    conclusion: index % 10 === 0 ? "failure" : "success",
    costUsd: (index * 7) % 31 === 0 ? null : ((index * 13) % 101) / 7,
    durationMs: 1 + ((index * 17) % 89),
    outputTokens: (index * 19) % 97,
  }),
);
const dbPath = join(dir, "telemetry.db");
{
  using store = createTelemetryStore({ dbPath });
  store.recordMany(RECORDS);
}

async function idsOf(filter: ExecutionFilter, options: ExecutionsOptions): Promise<number[]> {
  await using ledger = await openLedger(dbPath);
  const pages = await Array.fromAsync(executionsOf(ledger, filter, options));
  expect(pages.every((page) => page.length > 0 && page.length <= 1_000)).toBe(true);
  return pages.flat().map(({ id }) => id);
}

/** Identities of the records that are to be expected, in order. */
function expected(isMatching: (record: TelemetryRecord, id: number) => boolean): number[] {
  const timeOf = (id: number) => Number(RECORDS[id - 1]?.completedAt);
  return RECORDS.map((_, index) => index + 1)
    .filter((id) => isMatching(RECORDS[id - 1] as TelemetryRecord, id))
    .sort((a, b) => timeOf(a) - timeOf(b) || a - b);
}

describe("executions come in order of time, then of their numbers,", () => {
  test("the oldest first", async () => {
    expect(await idsOf({}, { order: "oldest" })).toEqual(expected(() => true));
  });

  test("the newest first", async () => {
    expect(await idsOf({}, { order: "newest" })).toEqual(expected(() => true).toReversed());
  });

  test.each([0, 1, 999, 1_000, 1_001, 2_000, 2_500, 9_999])("and no more than %i", async (limit) => {
    const all = expected(() => true).toReversed();
    expect(await idsOf({}, { order: "newest", limit })).toEqual(all.slice(0, limit));
  });

  test.each<[string, ExecutionFilter, (record: TelemetryRecord) => boolean]>([
    ["a repository", { repo: "o/r1" }, ({ repo }) => repo === "o/r1"],
    ["a rare repository", { repo: "o/rare" }, ({ repo }) => repo === "o/rare"],
    ["a glob", { repo: "o/r?" }, ({ repo }) => repo !== "o/rare"],
    [
      "several repositories",
      { repo: ["o/rare", "o/r1"] },
      ({ repo }) => repo === "o/rare" || repo === "o/r1",
    ],
    ["a name and a glob", { repo: ["o/rare", "*1"] }, ({ repo }) => repo === "o/rare" || repo === "o/r1"],
    ["a glob of conclusions", { conclusion: "f*" }, ({ conclusion }) => conclusion === "failure"],
    ["a conclusion", { conclusion: "failure" }, ({ conclusion }) => conclusion === "failure"],
    ["nothing there is", { model: "none" }, () => false],
    [
      "some minutes",
      { since: new Date(START + 60_000), until: new Date(START + 300_000) },
      ({ completedAt }) => Number(completedAt) >= START + 60_000 && Number(completedAt) < START + 300_000,
    ],
  ])("those of %s", async (_, filter, isMatching) => {
    const ids = expected((record) => isMatching(record));
    expect(await idsOf(filter, { order: "oldest" })).toEqual(ids);
    expect(await idsOf(filter, { order: "newest", limit: 3 })).toEqual(ids.toReversed().slice(0, 3));
  });

  test("those that failed", async () => {
    const failed = expected(({ conclusion }) => conclusion === "failure");
    expect(await idsOf({ failedOnly: true }, { order: "oldest" })).toEqual(failed);
  });

  test("those after a number", async () => {
    const later = expected((_, id) => id > 1_234);
    expect(await idsOf({}, { order: "oldest", afterId: 1_234 })).toEqual(later);
  });

  test.each(["newest", "oldest", "cost", "duration", "tokens"] as const)(
    "page by page, each behind the last of the one before: %s",
    async (order) => {
      await using ledger = await openLedger(dbPath);
      const seen: number[] = [];
      for (let after: string | undefined; ; ) {
        const [page = []] = await Array.fromAsync(executionsOf(ledger, {}, { order, limit: 700, after }));
        seen.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        if (last === undefined) break;
        after = placeOf(order, last);
      }
      expect(seen).toEqual(await idsOf({}, { order }));
      expect(seen).toHaveLength(RECORDS.length);
    },
  );

  test("a place that is none is refused", async () => {
    const error = await thrownBy(() => idsOf({}, { order: "newest", after: "yesterday" }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

test("a row is as the ledger has it", async () => {
  await using ledger = await openLedger(dbPath);
  const [[row] = []] = await Array.fromAsync(executionsOf(ledger, {}, { order: "oldest", limit: 1 }));
  expect(row).toMatchObject({
    id: 1,
    created_at: "2026-01-01 00:00:00.000",
    execution_id: "0",
    repo: "o/rare",
  });
  expect(Object.keys(row ?? {})).toHaveLength(22);
});

test("what is recorded while the pages are read is not in them, and disturbs nobody", async () => {
  const growing = join(dir, "growing.db");
  using store = createTelemetryStore({ dbPath: growing });
  store.recordMany(RECORDS);
  await using ledger = await openLedger(growing);
  const seen: number[] = [];
  for await (const page of executionsOf(ledger, {}, { order: "oldest" })) {
    seen.push(...page.map(({ id }) => id));
    store.recordMany([100_000, 500, 0].map((ms) => executionCompleted({ completedAt: START + ms })));
  }
  expect(seen).toEqual(expected(() => true));
});

describe("following a ledger", () => {
  test("gives what is committed from then on, in that order", async () => {
    const followed = join(dir, "followed.db");
    using store = createTelemetryStore({ dbPath: followed });
    await using ledger = await openLedger(followed);
    expect(await lastExecutionId(ledger)).toBe(0);
    store.recordMany(RECORDS);
    let afterId = await lastExecutionId(ledger);
    expect(afterId).toBe(2_500);
    const next = async (filter: ExecutionFilter = {}): Promise<ExecutionRow[]> =>
      (await Array.fromAsync(newExecutionsOf(ledger, filter, { afterId }))).flat();
    expect(await next()).toEqual([]);
    store.record(executionCompleted({ repo: "o/new", completedAt: START }));
    store.record(executionCompleted({ repo: "o/r1", completedAt: START - 1, conclusion: "failure" }));
    expect((await next()).map(({ repo }) => repo)).toEqual(["o/new", "o/r1"]);
    expect((await next({ repo: "o/n*" })).map(({ id }) => id)).toEqual([2_501]);
    expect((await next({ failedOnly: true })).map(({ id }) => id)).toEqual([2_502]);
    afterId = 0;
    expect((await next()).map(({ id }) => id)).toEqual(
      Array.from({ length: 2_502 }, (_, index) => index + 1),
    );
  });
});

test("what an older program left out in a ledger that was upgraded reads as a number", async () => {
  const upgraded = join(dir, "upgraded.db");
  {
    using database = new Database(upgraded);
    database.run(EARLIER_DESIGN);
    using insert = database.prepare(EARLIER_INSERT);
    insert.run("d", "o/r", 1, "push", "anthropic", "m", 1, 2, 3, 4, 5, 0.5, "success", null, null, null);
  }
  createTelemetryStore({ dbPath: upgraded }).close();
  await using ledger = await openLedger(upgraded);
  const [rows] = await Array.fromAsync(executionsOf(ledger, {}, { order: "newest" }));
  expect(rows).toMatchObject([
    { num_turns: null, cost_source: "reported", execution_id: expect.any(String) },
  ]);
});

test.each([
  [{ order: "best" }, "order: expected one of newest, oldest, cost, duration, tokens"],
  [{ order: "newest", limit: -1 }, "limit: expected an integer, 0 or more"],
  [{ order: "newest", limit: 1.5 }, "limit: expected"],
  [{ order: "newest", afterId: "7" }, "afterId: expected"],
  [{ order: "newest", offset: 1 }, "offset: unknown"],
])("%j is refused", async (options, expectedMessage) => {
  const { code, message } = await thrownBy(() => idsOf({}, options as ExecutionsOptions));
  expect(code).toBe("INVALID_ARGUMENT");
  expect(message).toContain(expectedMessage);
});
