import * as z from "zod";
import { toEpochMs } from "./time";
import type { TelemetryRecord } from "./types";

// The message of each check is what it expects: `explain` makes the sentence.
const TEXT = "a string";
const NON_EMPTY = "a non-empty string";
const COUNT = `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`;
const AMOUNT = "a finite number, 0 or more";
const MILLISECONDS = `milliseconds from 0 to ${Number.MAX_SAFE_INTEGER}`;
const INSTANT = "a Date, epoch milliseconds or ISO 8601 text with an offset, in the years 0000 to 9999";

const text = z.string(TEXT).nullish();
const nonEmpty = z.string(NON_EMPTY).min(1, NON_EMPTY);
const count = z.int(COUNT).min(0, COUNT).nullish();
const amount = z.number(AMOUNT).min(0, AMOUNT).nullish();
const milliseconds = z
  .number(MILLISECONDS)
  .min(0, MILLISECONDS)
  .max(Number.MAX_SAFE_INTEGER, MILLISECONDS)
  .nullish();
const instant = z
  .union([z.number(), z.string(), z.custom<Date>((value) => value instanceof Date)], INSTANT)
  .transform((value, context) => {
    const epochMs = toEpochMs(value);
    if (epochMs !== undefined) return epochMs;
    context.addIssue({ code: "custom", message: INSTANT, input: value });
    return z.NEVER;
  })
  .nullish();

export const recordSchema = z.object({
  repo: nonEmpty,
  eventType: nonEmpty,
  model: nonEmpty,
  conclusion: nonEmpty,
  executionId: nonEmpty.nullish(),
  completedAt: instant,
  deliveryId: text,
  prNumber: count,
  provider: nonEmpty.nullish(),
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheCreationTokens: count,
  durationMs: milliseconds,
  costUsd: amount,
  costSource: z.enum(["reported", "estimated"], '"reported" or "estimated"').nullish(),
  sessionId: text,
  numTurns: count,
  stopReason: text,
} satisfies Record<keyof TelemetryRecord, z.ZodType>);

/** What the schema makes of a valid record; a plain one is so from the start. */
export type ValidRecord = z.output<typeof recordSchema>;
