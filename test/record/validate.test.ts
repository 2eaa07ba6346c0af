import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { RunledgerError } from "../../src/errors";
import { createTelemetryStore } from "../../src/ledger/store";
import { toEpochMs, toLedgerTime } from "../../src/record/time";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { anyPlainRecord } from "../support/arbitraries";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const dbPath = join(tempDir(), "telemetry.db");
const store = createTelemetryStore({ dbPath });
afterAll(() => store.close());

/** What a reader of the file sees of a record: lone surrogates are U+FFFD, as in any UTF-8. */
function expectedRow(record: TelemetryRecord) {
  const text = (value: string | null | undefined) => value?.toWellFormed() ?? null;
  const tokens = [
    record.inputTokens,
    record.outputTokens,
    record.cacheReadTokens,
    record.cacheCreationTokens,
  ];
  return {
    delivery_id: text(record.deliveryId),
    repo: text(record.repo),
    pr_number: record.prNumber ?? null,
    event_type: text(record.eventType),
    provider: text(record.provider ?? "anthropic"),
    model: text(record.model),
    input_tokens: record.inputTokens ?? 0,
    output_tokens: record.outputTokens ?? 0,
    cache_read_tokens: record.cacheReadTokens ?? 0,
    cache_creation_tokens: record.cacheCreationTokens ?? 0,
    duration_ms: record.durationMs == null ? 0 : Math.max(record.durationMs, 1),
    cost_usd: (record.costUsd ?? 0) + 0,
    conclusion: text(record.conclusion),
    session_id: text(record.sessionId),
    num_turns: record.numTurns ?? null,
    stop_reason: text(record.stopReason),
    usage_source: tokens.some((count) => count != null) ? "reported" : "unknown",
    cost_source: record.costUsd == null ? "unknown" : (record.costSource ?? "reported"),
  };
}

test("any record that the types allow survives the round trip exactly", () => {
  let number = 0;
  fc.assert(
    fc.property(anyPlainRecord, (record) => {
      number += 1;
      const executionId = `${number}:${record.executionId ?? ""}`;
      store.record({ ...record, executionId });
      const [row] = read(dbPath, "SELECT * FROM executions ORDER BY id DESC LIMIT 1");
      expect(row).toMatchObject(expectedRow(record));
      expect(row?.["execution_id"]).toBe(executionId.toWellFormed());
      if (record.completedAt != null) {
        expect(row?.["created_at"]).toBe(toLedgerTime(toEpochMs(record.completedAt) ?? Number.NaN));
      }
    }),
  );
});

test("strings of a megabyte survive", () => {
  const long = `${"é😀\0'\"".repeat(150_000)}end`;
  store.record(executionCompleted({ executionId: "long", repo: long, stopReason: long }));
  const [row] = read(dbPath, "SELECT repo, stop_reason FROM executions WHERE execution_id = 'long'");
  expect(row?.["repo"] === long && row?.["stop_reason"] === long).toBe(true);
});

test("integers are stored as integers, up to 2^53-1", () => {
  const largest = Number.MAX_SAFE_INTEGER;
  store.record(
    executionCompleted({
      executionId: "large",
      inputTokens: largest,
      prNumber: largest,
      durationMs: largest,
    }),
  );
  expect(
    read(
      dbPath,
      `SELECT typeof(input_tokens) AS type, CAST(input_tokens AS TEXT) AS tokens, CAST(pr_number AS TEXT) AS pr,
         CAST(duration_ms AS TEXT) AS ms FROM executions WHERE execution_id = 'large'`,
    ),
  ).toEqual([{ type: "integer", tokens: `${largest}`, pr: `${largest}`, ms: `${largest}` }]);
});

test("any junk is stored or refused with INVALID_RECORD, and nothing else happens", () => {
  const junk = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSparseArray: true,
      withNullPrototype: true,
    }),
    // Almost a record: junk in one or more of its fields.
    fc
      .tuple(
        anyPlainRecord,
        fc.dictionary(fc.constantFrom("repo", "completedAt", "costUsd", "numTurns"), fc.anything()),
      )
      .map(([record, fields]) => ({ ...record, executionId: undefined, ...fields })),
  );
  fc.assert(
    fc.property(junk, (value) => {
      const before = read(dbPath, "SELECT count(*) AS n FROM executions")[0]?.["n"];
      let stored = 1;
      try {
        store.record(value as TelemetryRecord);
      } catch (error) {
        stored = 0;
        if (!(error instanceof RunledgerError)) throw error;
        expect(error.code).toBe("INVALID_RECORD");
      }
      const after = read(dbPath, "SELECT count(*) AS n FROM executions")[0]?.["n"];
      expect(Number(after) - Number(before)).toBe(stored);
    }),
  );
});

const REFUSED: readonly [field: keyof TelemetryRecord, value: unknown, expected: string, received: string][] =
  [
    ["repo", undefined, "a non-empty string", "nothing"],
    ["repo", null, "a non-empty string", "null"],
    ["repo", "", "a non-empty string", 'the string ""'],
    ["eventType", 5, "a non-empty string", "the number 5"],
    ["model", {}, "a non-empty string", "an object"],
    ["conclusion", ["success"], "a non-empty string", "an array"],
    ["executionId", "", "a non-empty string", 'the string ""'],
    ["provider", "", "a non-empty string", 'the string ""'],
    ["deliveryId", 7, "a string", "the number 7"],
    ["sessionId", true, "a string", "the boolean true"],
    ["stopReason", Symbol("end"), "a string", "a symbol"],
    ["prNumber", "7", "an integer from 0", 'the string "7"'],
    ["prNumber", -1, "an integer from 0", "the number -1"],
    ["inputTokens", 1.5, "an integer from 0", "the number 1.5"],
    ["outputTokens", Number.NaN, "an integer from 0", "the number NaN"],
    ["cacheReadTokens", 2 ** 53, "an integer from 0", "the number 9007199254740992"],
    ["cacheCreationTokens", 10n, "an integer from 0", "the bigint 10n"],
    ["numTurns", Number.POSITIVE_INFINITY, "an integer from 0", "the number Infinity"],
    ["durationMs", -0.5, "milliseconds from 0", "the number -0.5"],
    ["durationMs", "12 s", "milliseconds from 0", 'the string "12 s"'],
    ["costUsd", -0.01, "a finite number, 0 or more", "the number -0.01"],
    ["costUsd", Number.POSITIVE_INFINITY, "a finite number, 0 or more", "the number Infinity"],
    ["costUsd", "0.10", "a finite number, 0 or more", 'the string "0.10"'],
    ["costSource", "guessed", '"reported" or "estimated"', 'the string "guessed"'],
    ["completedAt", "yesterday", "a Date, epoch milliseconds or ISO 8601 text", 'the string "yesterday"'],
    ["completedAt", new Date(Number.NaN), "a Date, epoch milliseconds or ISO 8601 text", "an invalid Date"],
    ["completedAt", Number.NaN, "a Date, epoch milliseconds or ISO 8601 text", "the number NaN"],
    ["completedAt", 1_769_860_800, "a Date, epoch milliseconds or ISO 8601 text", "the number 1769860800"],
    ["completedAt", {}, "a Date, epoch milliseconds or ISO 8601 text", "an object"],
  ];

test.each(REFUSED)(
  "%s %p is refused, saying what was expected and received",
  (field, value, expected, received) => {
    const rows = read(dbPath, "SELECT count(*) AS n FROM executions");
    const attempt = () => store.record({ ...executionCompleted(), [field]: value } as TelemetryRecord);
    expect(attempt).toThrow(
      expect.objectContaining({
        code: "INVALID_RECORD",
        message: expect.stringContaining(`${field}: expected ${expected}`),
      }),
    );
    expect(attempt).toThrow(`received ${received}`);
    expect(read(dbPath, "SELECT count(*) AS n FROM executions")).toEqual(rows);
  },
);

test("every field that is wrong is named at once", () => {
  expect(() => store.record({ repo: "r", costUsd: -1 } as TelemetryRecord)).toThrow(
    /eventType: .*; model: .*; conclusion: .*; costUsd: /,
  );
});

test("a time without a zone is refused with a hint", () => {
  expect(() => store.record(executionCompleted({ completedAt: "2026-01-31T12:00:00" }))).toThrow(
    expect.objectContaining({
      code: "INVALID_RECORD",
      hint: "A time without a zone is ambiguous: append Z if it is UTC.",
    }),
  );
});

test.each([1_769_860_800, new Date(1_769_860_800), 1_769_860_800.5])(
  "a time in epoch seconds, %p, is refused with a hint, not purged as one of 1970",
  (completedAt) => {
    expect(() => store.record(executionCompleted({ completedAt }))).toThrow(
      expect.objectContaining({
        code: "INVALID_RECORD",
        hint: "It looks like epoch seconds: multiply it by 1000.",
      }),
    );
  },
);

test("a duration that was given is at least a millisecond: 0 in the row is unknown", () => {
  for (const durationMs of [0, 0.2, undefined])
    store.record(executionCompleted({ executionId: `took ${durationMs}`, durationMs }));
  const rows = read(
    dbPath,
    "SELECT duration_ms FROM executions WHERE execution_id LIKE 'took %' ORDER BY id",
  );
  expect(rows).toEqual([{ duration_ms: 1 }, { duration_ms: 1 }, { duration_ms: 0 }]);
});

test("a duration may have a fraction, and is rounded to the millisecond", () => {
  store.record(executionCompleted({ executionId: "fraction", durationMs: 1234.5678 }));
  expect(read(dbPath, "SELECT duration_ms FROM executions WHERE execution_id = 'fraction'")).toEqual([
    { duration_ms: 1235 },
  ]);
});

test("unknown keys are ignored, inherited fields are not", () => {
  class Run {
    readonly #repo = "class/run";
    get repo() {
      return this.#repo;
    }
    eventType = "push";
    model = "m";
    conclusion = "success";
    executionId = "class";
    colour = "green";
  }
  store.record(new Run());
  expect(read(dbPath, "SELECT repo FROM executions WHERE execution_id = 'class'")).toEqual([
    { repo: "class/run" },
  ]);
});

test("a getter that throws is refused, with its error as the cause", () => {
  const cause = new Error("not now");
  const record = {
    ...executionCompleted(),
    get repo(): string {
      throw cause;
    },
  };
  expect(() => store.record(record)).toThrow(expect.objectContaining({ code: "INVALID_RECORD", cause }));
});
