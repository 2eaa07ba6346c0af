import fc from "fast-check";
import { TOKENS } from "../../src/record/models";
import { areSeconds } from "../../src/record/time";
import type { ModelUsage, TelemetryRecord } from "../../src/record/types";

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  // Single UTF-16 code units, which may be half of an emoji.
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 10 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom("", "\0", "a\0b", "'; DROP TABLE executions; --", '"', "\ud83d", "😀", "\ufeff", "e\u0301"),
);
const nonEmptyText = anyText.filter((text) => text !== "");
const count = fc.oneof(
  fc.nat(100_000),
  fc.maxSafeNat(),
  fc.constantFrom(0, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const amount = fc.oneof(
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.constantFrom(0, -0, 5e-324, 0.18611290000000003, 9_990.01),
);
export const instant = fc.oneof(
  fc.date({
    min: new Date("0000-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59.999Z"),
    noInvalidDate: true,
  }),
  fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
  fc.integer({ min: 0, max: Date.UTC(2100, 0) }).map((ms) => new Date(ms).toISOString()),
);

/** An instant that isn't refused as epoch seconds. */
const completedAt = instant.filter((time) => typeof time === "string" || !areSeconds(time));

function optional<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined | null> {
  return fc
    .option(value, { nil: undefined, freq: 4 })
    .chain((some) => fc.constantFrom(some, some, some ?? null));
}

const amounts = {
  inputTokens: optional(count),
  outputTokens: optional(count),
  cacheReadTokens: optional(count),
  cacheCreationTokens: optional(count),
  costUsd: optional(amount),
  costSource: optional(fc.constantFrom("reported", "estimated")),
} as const;

const labels = fc.dictionary(
  fc.oneof(fc.constantFrom("team", "user"), fc.stringMatching(/^[a-z][a-z0-9_]{0,31}$/)),
  fc.oneof(fc.constantFrom("core", "(other)", "(none)"), nonEmptyText),
  { maxKeys: 8, noNullPrototype: true },
);

/** Any record of one model that the types allow. */
export const anyPlainRecord: fc.Arbitrary<TelemetryRecord> = fc.record(
  {
    repo: nonEmptyText,
    eventType: nonEmptyText,
    model: nonEmptyText,
    conclusion: nonEmptyText,
    executionId: optional(nonEmptyText),
    completedAt: optional(completedAt),
    deliveryId: optional(anyText),
    prNumber: optional(count),
    provider: optional(nonEmptyText),
    ...amounts,
    durationMs: optional(count),
    sessionId: optional(anyText),
    numTurns: optional(count),
    stopReason: optional(anyText),
    labels: optional(labels),
  },
  { requiredKeys: ["repo", "eventType", "model", "conclusion"] },
);

const modelUsage: fc.Arbitrary<ModelUsage> = fc.record(
  { model: nonEmptyText, provider: optional(nonEmptyText), ...amounts },
  { requiredKeys: ["model"] },
);
/** Few enough tokens that their sum is a safe integer. */
const fewModels = fc
  .array(modelUsage, { maxLength: 4 })
  .filter((models) =>
    TOKENS.every((name) =>
      Number.isSafeInteger(models.reduce((total, usage) => total + (usage[name] ?? 0), 0)),
    ),
  );

/** Any record that the types allow. */
export const anyRecord: fc.Arbitrary<TelemetryRecord> = fc.oneof(
  { weight: 3, arbitrary: anyPlainRecord },
  {
    weight: 1,
    arbitrary: fc.tuple(anyPlainRecord, fewModels, fc.boolean()).map(([entry, models, isMainNamed]) => {
      if (models.length === 0) return { ...entry, models } as TelemetryRecord;
      const { inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens, costUsd, ...rest } = entry;
      return { ...rest, model: isMainNamed ? rest.model : undefined, models } as TelemetryRecord;
    }),
  },
);
