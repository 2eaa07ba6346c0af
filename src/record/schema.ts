import * as z from "zod/mini";
import { issuesOfLabels } from "./labels";
import { areSeconds, toEpochMs } from "./time";
import type { AmountsUsed, Labels, ModelUsage, TelemetryRecord } from "./types";

// The message of each check names what it expects; `explain` builds the sentence.
const TEXT = "a string";
const NON_EMPTY = "a non-empty string";
const COUNT = `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`;
const AMOUNT = "a finite number, 0 or more";
const MILLISECONDS = `milliseconds from 0 to ${Number.MAX_SAFE_INTEGER}`;
/** Far more than a run uses; it keeps a row small. */
const MOST_MODELS = 100;
const MODELS = `an array of up to ${MOST_MODELS} models`;
const INSTANT = "a Date, epoch milliseconds or ISO 8601 text with an offset, in the years 0000 to 9999";

const text = z.nullish(z.string(TEXT));
const nonEmpty = z.string(NON_EMPTY).check(z.minLength(1, NON_EMPTY));
const count = z.nullish(z.int(COUNT).check(z.gte(0, COUNT)));
const amount = z.nullish(z.number(AMOUNT).check(z.gte(0, AMOUNT)));
const milliseconds = z.nullish(
  z.number(MILLISECONDS).check(z.gte(0, MILLISECONDS), z.lte(Number.MAX_SAFE_INTEGER, MILLISECONDS)),
);
const instant = z.nullish(
  z.pipe(
    z.union([z.number(), z.string(), z.custom<Date>((value) => value instanceof Date)], INSTANT),
    z.transform((value, context) => {
      const epochMs = typeof value !== "string" && areSeconds(value) ? undefined : toEpochMs(value);
      if (epochMs !== undefined) return epochMs;
      context.issues.push({ code: "custom", message: INSTANT, input: value });
      return z.NEVER;
    }),
  ),
);
const labels = z.custom<Labels>().check(({ value, issues }) => {
  for (const { path, message, input } of issuesOfLabels(value)) {
    issues.push({ code: "custom", path: [...path], message, input });
  }
});

const amounts = {
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheCreationTokens: count,
  costUsd: amount,
  costSource: z.nullish(z.enum(["reported", "estimated"], '"reported" or "estimated"')),
} satisfies Record<keyof AmountsUsed, z.ZodMiniType>;

const modelUsage = z.object(
  { model: nonEmpty, provider: z.nullish(nonEmpty), ...amounts } satisfies Record<
    keyof ModelUsage,
    z.ZodMiniType
  >,
  "an object",
);

export const recordSchema = z.object({
  repo: nonEmpty,
  eventType: nonEmpty,
  model: nonEmpty,
  models: z.nullish(z.array(modelUsage, MODELS).check(z.maxLength(MOST_MODELS, MODELS))),
  conclusion: nonEmpty,
  executionId: z.nullish(nonEmpty),
  completedAt: instant,
  deliveryId: text,
  prNumber: count,
  provider: z.nullish(nonEmpty),
  ...amounts,
  durationMs: milliseconds,
  sessionId: text,
  numTurns: count,
  stopReason: text,
  labels: z.nullish(labels),
} satisfies Record<keyof TelemetryRecord, z.ZodMiniType>);

/** The same for a record with models, which need not name the main model. */
export const recordOfModelsSchema = z.extend(recordSchema, { model: z.nullish(nonEmpty) });

/** A record in which every field has the right type, and the time is in epoch milliseconds. */
export type ParsedRecord = z.output<typeof recordOfModelsSchema>;
