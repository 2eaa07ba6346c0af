import * as z from "zod";
import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { explain } from "../validation";
import { isPlainRecord } from "./plain-record";
import type { NewExecutionRow } from "./schema";
import { lacksZone, toEpochMs, toLedgerTime } from "./time";
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
});

/** What the schema makes of a valid record; a plain one is so from the start. */
type Valid = z.output<typeof recordSchema>;

/** The fields of a {@link TelemetryRecord}. */
export const RECORD_FIELDS = Object.keys(recordSchema.shape) as readonly (keyof TelemetryRecord)[];

/**
 * Validates a record and gives its row, defaults filled in.
 *
 * @param name What the error calls the record.
 * @throws {RunledgerError} `INVALID_RECORD`, naming each field that is wrong, what it must be and what it is.
 */
export function toExecutionRow(entry: TelemetryRecord, name = "record"): NewExecutionRow {
  return toRow(validate(entry, name));
}

function toRow(record: Valid): NewExecutionRow {
  const usageIsKnown =
    (record.inputTokens ?? record.outputTokens ?? record.cacheReadTokens ?? record.cacheCreationTokens) !=
    null;
  return {
    created_at: toLedgerTime(record.completedAt ?? Date.now()),
    delivery_id: record.deliveryId ?? null,
    repo: record.repo,
    pr_number: record.prNumber ?? null,
    event_type: record.eventType,
    provider: record.provider ?? "anthropic",
    model: record.model,
    input_tokens: record.inputTokens ?? 0,
    output_tokens: record.outputTokens ?? 0,
    cache_read_tokens: record.cacheReadTokens ?? 0,
    cache_creation_tokens: record.cacheCreationTokens ?? 0,
    duration_ms: Math.round(record.durationMs ?? 0),
    // Minus zero is zero.
    cost_usd: (record.costUsd ?? 0) + 0,
    conclusion: record.conclusion,
    session_id: record.sessionId ?? null,
    num_turns: record.numTurns ?? 0,
    stop_reason: record.stopReason ?? null,
    execution_id: record.executionId ?? Bun.randomUUIDv7(),
    usage_source: usageIsKnown ? "reported" : "unknown",
    cost_source: record.costUsd == null ? "unknown" : (record.costSource ?? "reported"),
  };
}

function validate(entry: unknown, name: string): Valid {
  let result: z.ZodSafeParseResult<Valid>;
  try {
    if (isObject(entry) && isPlainRecord(entry as TelemetryRecord)) return entry as Valid;
    result = recordSchema.safeParse(entry, { reportInput: true });
  } catch (cause) {
    throw unreadable(cause, name);
  }
  if (result.success) return result.data;
  throw new RunledgerError("INVALID_RECORD", `Invalid ${name}: ${explain(result.error, "an object")}.`, {
    hint: hintFor(result.error.issues),
  });
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** The error for a record of which a getter or a proxy threw while its fields were read. */
export function unreadable(cause: unknown, name = "record"): RunledgerError {
  return new RunledgerError("INVALID_RECORD", `Invalid ${name}: it can't be read: ${messageOf(cause)}.`, {
    cause,
  });
}

function hintFor(issues: readonly z.core.$ZodIssue[]): string | undefined {
  const zoneless = issues.some(
    ({ path, input }) => path[0] === "completedAt" && typeof input === "string" && lacksZone(input),
  );
  return zoneless ? "A time without a zone is ambiguous: append Z if it is UTC." : undefined;
}
