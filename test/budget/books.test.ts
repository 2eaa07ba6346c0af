import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { Books } from "../../src/budget/books";
import { parseBudgets } from "../../src/budget/options";
import type { Budget, BudgetOptions, Spender } from "../../src/budget/types";
import { DAY_MS } from "../../src/record/time";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { BudgetBench } from "../support/budget-bench";
import { tries } from "../support/effort";
import { anyExecution, NOW } from "../support/random-ledger";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();
let files = 0;
function newPath(): string {
  files += 1;
  return join(folder, `${files}.db`);
}

const BUDGETS: readonly Budget[] = [
  { name: "all", limitUsd: 50, per: "month", timeZone: "Europe/Berlin" },
  { name: "org", limitUsd: 50, per: "week", match: { repo: ["octo-org/*", "a[bc]", "*/?"] } },
  { name: "each repo", limitUsd: 50, per: "day", timeZone: "America/St_Johns", each: "repo" },
  { name: "each model", limitUsd: 50, per: "month", each: "model", match: { eventType: "pu?h" } },
  {
    name: "claude",
    limitUsd: 50,
    per: "week",
    timeZone: "Australia/Lord_Howe",
    match: { model: "claude-*" },
  },
  { name: "each team", limitUsd: 50, per: "month", each: "label:team" },
  {
    name: "core, or nobody",
    limitUsd: 50,
    per: "month",
    match: { labels: { team: ["core", "(none)"] }, provider: "anthropic", conclusion: "success" },
  },
];

type Step =
  | { readonly do: "record"; readonly records: readonly TelemetryRecord[] }
  | { readonly do: "purge"; readonly daysAgo: number }
  | { readonly do: "clock"; readonly ms: number }
  | { readonly do: "read" | "restart" | "flush" };

/** Some have ids of their own, few enough that they repeat; some are invalid. */
const record = fc
  .tuple(anyExecution, fc.option(fc.constantFrom("a", "b", "c")), fc.integer({ min: 0, max: 9 }))
  .map(
    ([entry, executionId, n]): TelemetryRecord =>
      ({
        ...entry,
        executionId,
        ...(n === 0 && { repo: "" }),
        ...(n === 1 && { durationMs: -1 }),
      }) as TelemetryRecord,
  );
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("record" as const),
        records: fc.array(record, { maxLength: 12 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("read" as const, "flush" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("purge" as const),
        daysAgo: fc.double({ min: 0, max: 40, noNaN: true }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("clock" as const),
        ms: fc.integer({ min: -12 * DAY_MS, max: 12 * DAY_MS }),
      }),
    },
  ),
  { minLength: 4, maxLength: 14 },
);

async function perform(bench: BudgetBench, step: Step): Promise<void> {
  switch (step.do) {
    case "record":
      for (const entry of step.records) bench.recorder.record(entry);
      return;
    case "purge":
      // Its cutoff is by the real clock.
      await bench.recorder.purgeOlderThan((Date.now() - (NOW - step.daysAgo * DAY_MS)) / DAY_MS);
      return;
    case "clock":
      bench.stepClock(step.ms);
      return;
    case "flush":
      return bench.recorder.flush();
    case "read":
      return bench.read();
    case "restart":
      return bench.restart();
  }
}

test("whatever is recorded, restarted, purged, and however the clock steps: spent is what reports say", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(record, { minLength: 15, maxLength: 40 }), async (sequence, last) => {
      const bench = new BudgetBench(newPath(), { budgets: BUDGETS }, NOW);
      await bench.recorder.flush();
      for (const step of sequence) {
        await perform(bench, step);
        // In between nothing may fail; what is there at any moment is held below.
        bench.books.states();
      }
      // The last are added to sums that were read before.
      for (const records of [[], last]) {
        for (const entry of records) bench.recorder.record(entry);
        await bench.recorder.flush();
        await bench.read();
        expect(bench.books.pendingSize).toBe(0);
        expect(bench.actual()).toEqual(await bench.expected());
      }
      await bench.end();
    }),
    { numRuns: tries(8, 400) },
  );
});

describe("at any moment", () => {
  const budgets: readonly Budget[] = [{ name: "all", limitUsd: 100, per: "day" }];
  const run = (overrides: Partial<TelemetryRecord> = {}) =>
    executionCompleted({ completedAt: NOW, costUsd: 1, ...overrides });
  const spent = (bench: BudgetBench) => bench.books.states()[0]?.spentUsd;

  async function begin(): Promise<BudgetBench> {
    const bench = new BudgetBench(newPath(), { budgets }, NOW);
    await bench.recorder.flush();
    await bench.read();
    return bench;
  }

  test("what was taken counts at once, and once: before it is written, written and not read, and read", async () => {
    const bench = await begin();
    for (let total = 20; total <= 60; total += 20) {
      for (let n = 0; n < 19; n += 1) bench.recorder.record(run());
      bench.recorder.record(run({ completedAt: NOW - 3 * DAY_MS, costUsd: 7 }));
      expect(spent(bench)).toBe(total - 1);
      await bench.recorder.flush();
      expect(spent(bench)).toBe(total - 1);
      // Of these some may be written when it is read, and others not.
      for (let n = 0; n < 20; n += 1) bench.recorder.record(run({ costUsd: n < 2 ? 0.5 : 0 }));
      await bench.read();
      expect(spent(bench)).toBe(total);
      await bench.recorder.flush();
      await bench.read();
      expect({ spent: spent(bench), pending: bench.books.pendingSize }).toEqual({ spent: total, pending: 0 });
    }
    await bench.restart();
    await bench.read();
    expect(spent(bench)).toBe(60);
    await bench.end();
  });

  test("a duplicate counts once, a rejected record nothing", async () => {
    const bench = await begin();
    for (let n = 0; n < 3; n += 1) bench.recorder.record(run({ executionId: "one" }));
    bench.recorder.record(run({ repo: "" }));
    bench.recorder.record(undefined as unknown as TelemetryRecord);
    bench.recorder.record(run({ completedAt: "yesterday" as unknown as number }));
    expect(spent(bench)).toBe(1);
    await bench.recorder.flush();
    await bench.read();
    expect({ spent: spent(bench), pending: bench.books.pendingSize }).toEqual({ spent: 1, pending: 0 });
    // In another process nobody remembers the id; the ledger does.
    await bench.restart();
    bench.recorder.record(run({ executionId: "one" }));
    await bench.recorder.flush();
    await bench.read();
    expect({ spent: spent(bench), pending: bench.books.pendingSize }).toEqual({ spent: 1, pending: 0 });
    await bench.end();
  });

  test("of several models each counts under its own, of an unknown cost the execution", async () => {
    const bench = new BudgetBench(
      newPath(),
      {
        budgets: [
          { name: "haiku", limitUsd: 9, per: "day", match: { model: "*haiku*" } },
          { name: "each", limitUsd: 9, per: "day", each: "model" },
          { name: "all", limitUsd: 9, per: "day" },
        ],
        unknownCostUsd: 2,
      },
      NOW,
    );
    const models = [
      { model: "claude-opus-4-1", costUsd: 3 },
      { model: "claude-haiku-4-5", costUsd: 1 },
      { model: "a-new-one" },
    ];
    const { model, costUsd, ...rest } = run();
    bench.recorder.record({ ...rest, models });
    const lines = () =>
      bench.books
        .states()
        .map(({ budget, value, spentUsd, unknownCosts }) => [budget, value, spentUsd, unknownCosts]);
    const expected = [
      ["haiku", null, 1, 0],
      ["each", "claude-opus-4-1", 3, 0],
      ["each", "claude-haiku-4-5", 1, 0],
      ["each", "a-new-one", 2, 1],
      ["all", null, 6, 1],
    ];
    expect(lines().sort()).toEqual(expected.sort());
    await bench.recorder.flush();
    await bench.read();
    expect(bench.books.pendingSize).toBe(0);
    expect(lines().sort()).toEqual(expected.sort());
    await bench.end();
  });

  test("a period that begins takes along only what belongs to it, also when the clock steps back", async () => {
    const bench = await begin();
    bench.recorder.record(run({ costUsd: 3 }));
    bench.recorder.record(run({ costUsd: 5, completedAt: NOW + DAY_MS }));
    expect(spent(bench)).toBe(3);
    bench.stepClock(DAY_MS);
    expect(spent(bench)).toBe(5);
    bench.stepClock(-DAY_MS);
    expect(spent(bench)).toBe(3);
    await bench.recorder.flush();
    await bench.read();
    bench.stepClock(DAY_MS);
    expect(spent(bench)).toBe(0);
    await bench.read();
    expect(spent(bench)).toBe(5);
    await bench.end();
  });

  test("a reading that a new period overtakes takes nothing off of what is of that period", async () => {
    const bench = await begin();
    bench.recorder.record(run({ costUsd: 5, completedAt: NOW + DAY_MS }));
    await bench.recorder.flush();
    await bench.read(() => {
      bench.stepClock(DAY_MS);
      expect(spent(bench)).toBe(5);
    });
    expect(spent(bench)).toBe(5);
    await bench.read();
    expect({ spent: spent(bench), pending: bench.books.pendingSize }).toEqual({ spent: 5, pending: 0 });
    await bench.end();
  });

  test("another process that begins to write takes nobody's note of what is written", async () => {
    const path = newPath();
    const bench = new BudgetBench(path, { budgets }, NOW);
    await bench.recorder.flush();
    await bench.read();
    bench.recorder.record(run());
    await bench.recorder.flush();
    const other = new BudgetBench(path, { budgets }, NOW);
    other.recorder.record(run());
    await other.recorder.flush();
    await bench.read();
    expect({ spent: spent(bench), pending: bench.books.pendingSize }).toEqual({ spent: 2, pending: 0 });
    await other.end();
    await bench.end();
  });

  test("what is spilled counts until the spill file is drained", async () => {
    const bench = await begin();
    bench.recorder.record(run());
    // Without any time to write, it goes to the spill file.
    await bench.recorder.close(0);
    expect(spent(bench)).toBe(1);
    await bench.restart();
    expect(spent(bench)).toBe(0);
    await bench.recorder.flush();
    await bench.read();
    expect(spent(bench)).toBe(1);
    await bench.end();
  });
});

describe("what cannot be read", () => {
  const newBooks = (options: BudgetOptions, holdTimeoutMs = 60_000) =>
    new Books({ ...parseBudgets(options, "test"), holdTimeoutMs });
  const byType: readonly Budget[] = [
    { name: "pushes", limitUsd: 9, per: "day", match: { eventType: "pu*h" } },
    { name: "each", limitUsd: 9, per: "day", each: "repo" },
  ];

  test("is added up all the same, however much it is", () => {
    const books = newBooks({ budgets: [{ name: "all", limitUsd: 9, per: "day" }] });
    const follower = books.begin("a recorder", 0);
    const event = executionCompleted({ costUsd: 1 });
    const events = 200_500;
    for (let n = 1; n <= events; n += 1) {
      follower.taken(event, Date.now());
      follower.sealed(1);
      follower.sent(n);
    }
    expect(books.states()[0]?.spentUsd).toBe(events);
    expect(books.pendingSize).toBeLessThan(events);
  });

  test("lets holds end all the same", async () => {
    const books = newBooks({ budgets: [{ name: "all", limitUsd: 9, per: "day" }] }, 1);
    books.reserve({}, 1, "a run", () => true);
    while (books.states()[0]?.reservedUsd !== 0) await Bun.sleep(1);
    expect(books.holdsSize).toBe(0);
  });

  test("an event of which a name throws moves no other into its place", () => {
    const books = newBooks({ budgets: byType });
    const follower = books.begin("a recorder", 0);
    const thrower = Object.defineProperty({ ...executionCompleted({ eventType: "push" }) }, "repo", {
      get() {
        throw new Error("a getter");
      },
    });
    follower.taken(thrower, Date.now());
    follower.taken(executionCompleted({ repo: "a", eventType: "issues", costUsd: 1 }), Date.now());
    expect(books.states().map(({ budget, value, spentUsd }) => [budget, value, spentUsd])).toEqual([
      ["pushes", null, 0],
      ["each", "a", 1],
    ]);
  });

  test("names that are none are left out", () => {
    const books = newBooks({
      budgets: [...byType, { name: "provider", limitUsd: 9, per: "day", each: "provider" }],
    });
    const names = { repo: null, eventType: 7, model: {}, labels: 1 } as unknown as Spender;
    expect(books.statesFor(names, 0)).toEqual([]);
  });
});
